// The one request that grants something, and giving it back. A signal meanwhile leaves nothing behind.

import type { Client } from '../../client/client.ts';
import { JitError, toJitError } from '../../core/errors.ts';
import type { ElevateReply, ElevateRequest, GrantView } from '../../protocol/routes.ts';
import { Cancelled } from '../errors.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { clockText } from '../time-text.ts';
import type { World } from '../world.ts';
import { warnOverdue } from './summary.ts';

/** A grant, and the signals of this process held back until `release`. */
export interface Held {
  readonly reply: ElevateReply;
  /** Lets signals do again what they did before; @throws Cancelled never */
  readonly release: () => void;
  /** The signal that came after the grant, if one did. */
  readonly signalled: () => Cancelled | null;
}

/**
 * Asks for the grant. A signal while waiting drops the connection, which tells the broker to take back what it made.
 * @throws JitError what the broker answers; {@link Cancelled} after a signal
 */
export async function requestGrant(world: World, client: Client, request: ElevateRequest): Promise<Held> {
  const abort = new AbortController();
  let cancelled: Cancelled | null = null;
  const release = world.onSignal((signal) => {
    if (signal !== 'SIGINT' && signal !== 'SIGTERM' && signal !== 'SIGHUP') return;
    cancelled ??= new Cancelled(signal);
    abort.abort(cancelled);
  });
  try {
    const text = `Asking for ${request.target}${request.role === null ? '' : `:${request.role}`}`;
    const reply = await waiting(world, text, client.elevate(request, abort.signal));
    return { reply, release, signalled: () => cancelled };
  } catch (error) {
    release();
    throw cancelled ?? error;
  }
}

/**
 * Revokes the grant of a session that is over, and answers it as it is then; warns, and answers null, when that
 * could not be done. Never throws.
 */
export async function giveBack(world: World, client: Client, grant: GrantView): Promise<GrantView | null> {
  const request = { grant: grant.id, all: false, cause: 'session-ended' } as const;
  try {
    const revoking = client.revoke(request).catch(async (error: unknown) => {
      // The broker may have been replaced since; its successor knows the grant.
      if (toJitError(error).code !== 'ERR_BROKER_UNREACHABLE') throw error;
      return (await reachBroker(world)).revoke(request);
    });
    const reply = await waiting(world, 'Revoking', revoking);
    for (const one of reply.overdue) warnOverdue(world, one);
    return [...reply.revoked, ...reply.ending].find(({ id }) => id === grant.id) ?? null;
  } catch (error) {
    const { message } = error instanceof JitError ? error : toJitError(error);
    const at = grant.deadline === null ? 'its deadline' : clockText(grant.deadline, world.clock.now());
    world.out.warn(
      `grant ${grant.id} is not revoked yet: ${message}; it ends on the target at ${at} at the latest`,
    );
    return null;
  }
}
