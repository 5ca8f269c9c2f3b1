// The log as it grows, from one broker or the next. Owns: reaching the broker again. Must not: print events.

import type { Client } from '../client/client.ts';
import { hasCode } from '../core/errors.ts';
import type { Milliseconds } from '../core/time.ts';
import type { FollowReply, FollowRequest } from '../protocol/usage.ts';
import type { World } from './world.ts';

/** What to follow. */
export type Following = Pick<FollowRequest, 'target' | 'grant'>;

const poll: Milliseconds = 20_000;
const page = 500;
const firstPause: Milliseconds = 200;
const longestPause: Milliseconds = 1_000;

/**
 * Answers what comes after the cursor, one reply after the other, until `signal`. When the broker goes away, it waits for
 * the next one and starts none: somebody may have stopped it. Meanwhile `lost` was called and `found` was not yet; the
 * first reply of the next broker may hold no event.
 * @throws JitError what a broker says that is there
 */
export async function* followLog(
  world: World,
  first: Client,
  start: number,
  { target, grant }: Following,
  { signal, lost, found }: { signal: AbortSignal; lost: () => void; found: () => void },
): AsyncGenerator<{ readonly client: Client; readonly events: FollowReply['events'] }> {
  let client: Client | null = first;
  let after = start;
  let pause = 0;
  while (!signal.aborted) {
    try {
      client ??= await world.connect({ config: world.config, start: false });
      const isBack = pause > 0;
      const timeout = isBack ? 0 : poll;
      const reply: FollowReply = await client.follow({ after, limit: page, target, grant, timeout }, signal);
      if (isBack) found();
      pause = 0;
      after = reply.next;
      if (reply.events.length > 0 || isBack) yield { client, events: reply.events };
    } catch (error) {
      if (signal.aborted) return;
      if (!hasCode(error, 'ERR_BROKER_UNREACHABLE', 'ERR_BROKER_BUSY')) throw error;
      if (pause === 0) lost();
      client = null;
      pause = Math.min(Math.max(firstPause, pause * 2), longestPause);
      await rest(pause);
    }
  }
}

function rest(length: Milliseconds): Promise<void> {
  // The clock's timers keep no process alive, and there is nothing else meanwhile.
  return new Promise((resolve) => setTimeout(resolve, length));
}
