// What `jit doctor` says of the shared store: whether it takes this broker's log, what it refuses, and what it lost.

import { lossAtStore } from '../core/store-loss.ts';
import type { Milliseconds } from '../core/time.ts';
import type { DoctorReply } from '../protocol/routes.ts';
import type { Broker } from './broker.ts';
import { isoTime } from './intent.ts';
import { overLimit } from './sync-limit.ts';

type Line = DoctorReply['checks'][number];

/** Long enough for a store that is far away; whoever looks for trouble waits for no more. */
const patience: Milliseconds = 5_000;

/** Asks the store, which may be away; never throws. No lines without one. */
export async function syncLines(broker: Broker): Promise<Line[]> {
  const { sync, clock } = broker;
  if (sync.state().settings === null) return [];
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(patience, late.resolve);
  await Promise.race([sync.now().catch(() => undefined), late.promise]);
  cancel();
  return [storeLine(broker), ...refusedLines(broker), ...lostLines(broker)];
}

function storeLine({ sync, clock, ledger }: Broker): Line {
  const { settings, origin, size, acknowledged, isHeard, failure, events, since } = sync.state();
  const line = { target: null, name: 'shared store' };
  const { host = '', port = 0 } = settings?.address ?? {};
  const held = `${acknowledged} of ${size} events of ${origin} acknowledged`;
  const over = settings && overLimit({ events, since }, settings.maxUnsynced, clock.now());
  if (ledger.store.behind) {
    return {
      ...line,
      status: 'failed',
      detail: 'nothing is sent to it: the log was set back',
      advice: 'jit status',
    };
  }
  if (failure || !isHeard) {
    const why = failure?.message ?? `the shared store at ${host}:${port} has not answered yet`;
    const next = over === null ? 'grants go on for now' : `nothing is issued: ${over}`;
    return {
      ...line,
      status: over === null ? 'warning' : 'failed',
      detail: `${why}; ${held}; ${next}`,
      ...(failure?.hint !== undefined && { advice: failure.hint }),
    };
  }
  return { ...line, status: 'ok', detail: `${held} by ${host}:${port}` };
}

function refusedLines({ sync }: Broker): Line[] {
  return sync.state().refused.map(({ origin, events, failure: { message, hint } }) => ({
    target: null,
    name: `shared store: ${origin}`,
    status: 'warning',
    detail: `it lacks ${events} events of this earlier log and does not take them: ${message}`,
    ...(hint !== undefined && { advice: hint }),
  }));
}

function lostLines({ sync }: Broker): Line[] {
  return sync.state().lost.map((loss) => ({
    target: null,
    name: `shared store: ${loss.origin}`,
    status: 'warning',
    detail: `${isoTime(loss.foundAt)}: ${lossAtStore(loss, loss.has)}`,
    advice: 'ask whoever runs its database; then: jit audit verify --store',
  }));
}
