// Reaching the broker: says so on a terminal when it takes a while to start. In CI jobs, where nothing stays running, it
// is inside of this command; in-process.ts ends it.

import type { Client } from '../client/client.ts';
import { hasCode, JitError } from '../core/errors.ts';
import type { Milliseconds } from '../core/time.ts';
import { closeOwnBroker } from './in-process.ts';
import { waiting } from './progress.ts';
import type { World } from './world.ts';

/** How long a broker is waited for that has the lock and does not answer: it begins, or ends. */
const patience: Milliseconds = 15_000;
const pause: Milliseconds = 50;
/** How long a command may take to end after a signal; then its access goes, and it with that. */
const courtesy: Milliseconds = 2_000;

/**
 * A client of the running broker, which is started when none answers: beside this process, or inside of it.
 * @param options.stays what this command asks for has to outlive it
 * @param options.hasSession it runs a command of the user's, which is told of signals and ends with the grant
 * @throws JitError `ERR_BROKER_UNREACHABLE` and others
 */
export function reachBroker(world: World, { stays = false, hasSession = false } = {}): Promise<Client> {
  if (world.inProcess && !stays)
    return waiting(world, 'Starting the broker', reachInProcess(world, hasSession));
  return waiting(world, 'Starting the broker', world.connect({ config: world.config, start: true }));
}

/** A client of the broker if one is running, else null. */
export async function reachRunningBroker(world: World): Promise<Client | null> {
  try {
    return await world.connect({ config: world.config, start: false });
  } catch (error) {
    if (hasCode(error, 'ERR_BROKER_UNREACHABLE')) return null;
    throw error;
  }
}

/**
 * A client of the broker that runs, be it of another command, or of the one that is started in this process.
 * @throws JitError `ERR_BROKER_UNREACHABLE` and what a broker says that cannot start
 */
export async function reachInProcess(world: World, hasSession = false): Promise<Client> {
  const began = world.clock.sinceBoot();
  while (world.clock.sinceBoot() - began < patience) {
    const running = await reachRunningBroker(world);
    if (running) return running;
    const opened = await world.openBroker(world.config);
    if (opened) {
      world.ownBroker.current = opened;
      if (hasSession) releaseOnSignal(world);
      else closeOnSignal(world);
      return world.connect({ config: world.config, start: false });
    }
    await rest(pause);
  }
  throw new JitError(
    'ERR_BROKER_UNREACHABLE',
    'another broker holds the state of this user and does not answer',
    {
      hint: 'give this job a state of its own: set JIT_STATE_DIR to a private folder',
    },
  );
}

/** A signal would end this process before it has taken anything back; the child has been sent it by then. */
function releaseOnSignal(world: World): void {
  world.onSignal((signal) => {
    world.ownBroker.signal ??= signal;
    // Keys are meant for the command on the terminal.
    if (world.ownBroker.isHurried || (signal === 'SIGINT' && world.isTTY.stdin)) return;
    world.ownBroker.isHurried = true;
    world.clock.after(courtesy, () => void world.ownBroker.current?.release().catch(() => undefined));
  });
}

/** Nothing but this process waits for the signal, so it has its usual effect when everything is taken back. */
function closeOnSignal(world: World): void {
  const stop = world.onSignal((signal) => {
    stop();
    world.ownBroker.signal ??= signal;
    world.ownBroker.isHurried = true;
    void closeOwnBroker(world).then(() => process.kill(process.pid, signal));
  });
}

function rest(length: Milliseconds): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, length));
}

/** The grant that this process runs inside of; null outside of one. */
export function surroundingGrant(world: Pick<World, 'env'>): string | null {
  return world.env.JIT_GRANT_ID || null;
}

/**
 * The grant that a command is about: the word given, else the one around this shell.
 * @param place where the command takes it
 * @throws JitError `ERR_INPUT_NEEDED` when there is neither.
 */
export function grantFor(
  world: World,
  given: string | null,
  command: string,
  place: '<grant>' | '"--grant"' = '<grant>',
): string {
  const grant = given ?? surroundingGrant(world);
  if (grant !== null) return grant;
  throw new JitError('ERR_INPUT_NEEDED', `"jit ${command}" needs ${place} outside of an elevated shell`, {
    hint: 'jit status shows your grants',
  });
}
