// A broker inside of the command that needs it: for places where nothing stays running, such as CI jobs. The usual
// broker, the usual socket; only its life is that of the command.

import type { OpenBroker } from '../protocol/offline.ts';
import { hardenSharedProcess } from '../system/hardening.ts';
import { resolvePaths } from '../system/paths.ts';
import { isAlive } from '../system/process-info.ts';
import { type Broker, type Timing, usualTiming } from './broker.ts';
import { endGrant } from './revocation.ts';
import { startBroker } from './start.ts';
import { stop } from './stop.ts';

/**
 * GitHub kills a cancelled job ten seconds after it has said so, and the command gets the first two of them. It never
 * ends by idleness: whoever opened it closes it.
 */
const timing: Timing = { ...usualTiming, stop: 6_000, idle: 24 * 3600_000 };

/**
 * Starts it, or answers null when another broker of this user runs.
 * @param env what a broker may see: the environment of this process becomes that, as it would be in a process of its own
 * @throws JitError as `startBroker` and `hardenSharedProcess`
 */
export async function openBroker(
  config: string | null,
  env: Readonly<Record<string, string>>,
): Promise<OpenBroker | null> {
  const paths = resolvePaths(env, { config });
  const hardening = hardenSharedProcess();
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name];
  const running = await startBroker(paths, hardening, timing);
  if (running === null) return null;
  const { broker, ended } = running;
  return {
    async release() {
      await Promise.all(broker.ledger.activeGrants().map(({ id }) => endGrant(broker, id, 'session-ended')));
    },
    othersLeft: () => othersLeft(broker),
    async close(cause) {
      const { overdue, ending } = await stop(broker, cause);
      await ended;
      return { overdue, ending, unsynced: broker.sync.left };
    },
  };
}

/** Commands beside this one, such as other recipes of one make, that found this broker and use it. */
function othersLeft(broker: Broker): Promise<void> {
  const areLeft = (): boolean =>
    broker.ledger
      .activeGrants()
      .some(({ session }) => session !== null && session.pid !== process.pid && isAlive(session));
  if (!areLeft()) return Promise.resolve();
  return new Promise((resolve) => {
    const look = (): void => {
      if (areLeft()) return;
      broker.changes.off('change', look);
      resolve();
    };
    broker.changes.on('change', look);
  });
}
