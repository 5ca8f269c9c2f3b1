// Reaching the broker: says so on a terminal when it takes a while to start.

import type { Client } from '../client/client.ts';
import { hasCode, JitError } from '../core/errors.ts';
import { waiting } from './progress.ts';
import type { World } from './world.ts';

/** A client of the running broker, which is started when none answers. @throws JitError `ERR_BROKER_UNREACHABLE` and others */
export function reachBroker(world: World): Promise<Client> {
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
