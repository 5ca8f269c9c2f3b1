// The one request that grants something, and giving it back. A signal meanwhile leaves nothing behind.

import type { Client } from '../../client/client.ts';
import { JitError, toJitError } from '../../core/errors.ts';
import type { ElevateReply, ElevateRequest } from '../../protocol/routes.ts';
import type { GrantView } from '../../protocol/views.ts';
import { randomId } from '../../system/random.ts';
import { Cancelled } from '../errors.ts';
import { showWaiting, waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { clockText } from '../time-text.ts';
import type { World } from '../world.ts';
import { answerQuestions } from './questions.ts';
import { warnOverdue } from './summary.ts';

/** A grant, and the signals of this process held back until `release`. */
export interface Held {
  readonly reply: ElevateReply;
  /** Lets signals do again what they did before; @throws Cancelled never */
  readonly release: () => void;
  /** The signal that came after the grant, if one did. */
  readonly signalled: () => Cancelled | null;
}

/** Guessed by nobody: 130 random bits. */
const channelLength = 26;

/**
 * Asks for the grant, and puts what the broker has to ask meanwhile to the person at the terminal, if there is one. A
 * signal while waiting drops the connection, which tells the broker to take back what it made.
 * @throws JitError what the broker answers; {@link Cancelled} after a signal, or when a question was declined
 */
export async function requestGrant(
  world: World,
  client: Client,
  wanted: Omit<ElevateRequest, 'channel'>,
): Promise<Held> {
  const channel = world.interactive ? randomId(world.random, channelLength) : null;
  const request = { ...wanted, channel };
  const abort = new AbortController();
  let cancelled = cancelledBy(world.ownBroker.signal);
  // With a broker in this process a signal does not end it: it came while nobody else listened.
  if (cancelled) throw cancelled;
  const release = world.onSignal((signal) => {
    cancelled ??= cancelledBy(signal);
    if (cancelled) abort.abort(cancelled);
  });
  // Noted before the broker hears of it: its answer may come first.
  const declined = (reason: Cancelled): void => {
    cancelled ??= reason;
  };
  try {
    const reply = await withQuestions(world, client, request, { abort, declined });
    return { reply, release, signalled: () => cancelled };
  } catch (error) {
    release();
    throw cancelled ?? error;
  }
}

function cancelledBy(signal: NodeJS.Signals | undefined): Cancelled | null {
  return signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGHUP' ? new Cancelled(signal) : null;
}

async function withQuestions(
  world: World,
  client: Client,
  request: ElevateRequest,
  { abort, declined }: { abort: AbortController; declined: (reason: Cancelled) => void },
): Promise<ElevateReply> {
  const { channel, target, role } = request;
  const text = `Asking for ${target}${role === null ? '' : `:${role}`}`;
  const over = new AbortController();
  let stop = showWaiting(world, text);
  const put = async (message: string): Promise<string> => {
    stop();
    try {
      return await world.ask.secret(message, over.signal);
    } catch (error) {
      if (error instanceof Cancelled) declined(error);
      throw error;
    } finally {
      stop = showWaiting(world, text);
    }
  };
  const show = (message: string): void => {
    stop();
    world.out.note(message);
    stop = showWaiting(world, text);
  };
  const asking =
    channel === null
      ? Promise.resolve()
      : answerQuestions(world, { client, channel, over: over.signal, put, show }).catch(
          (cancelled: unknown) => abort.abort(cancelled),
        );
  try {
    return await client.elevate(request, abort.signal);
  } finally {
    over.abort();
    // What is on the screen goes away before anything else is written there.
    await asking;
    stop();
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
