// The alerts of one channel on their way: in order, one at a time, again when that failed, and never in anybody's way.

import type { Alert } from '../../core/alert.ts';
import { type JitError, toJitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Clock } from '../../system/clock.ts';

/** What a queue is told of the world. */
export interface QueueTools {
  readonly clock: Clock;
  /** One attempt. */
  readonly send: (alert: Alert, signal: AbortSignal) => Promise<void>;
  /** One alert is given up. Called for the first of an outage with `isFirst`. */
  readonly failed: (error: JitError, isFirst: boolean) => void;
  readonly worked: () => void;
}

/** Alerts that wait for one channel. */
export interface AlertQueue {
  /** Never waits, never throws. With too many waiting, the oldest goes. */
  push(alert: Alert): void;
  /** Settles when nothing waits any more. */
  idle(): Promise<void>;
  /** Gives up what waits. */
  stop(): void;
}

/** More than anybody reads; an outage must not fill the memory. */
const mostWaiting = 100;
/** Between the attempts at one alert. */
const pauses: readonly Milliseconds[] = [1_000, 5_000, 25_000];

/** An empty queue. */
export function createQueue({ clock, send, failed, worked }: QueueTools): AlertQueue {
  const waiting: Alert[] = [];
  const stopped = new AbortController();
  let dropped = 0;
  let isDown = false;
  let running: Promise<void> | null = null;

  /** While the channel is down one attempt per alert will do: the first has waited for all. */
  async function deliver(alert: Alert): Promise<void> {
    const again = isDown ? [] : pauses;
    for (let attempt = 0; !stopped.signal.aborted; attempt += 1) {
      try {
        await send(alert, stopped.signal);
        isDown = false;
        worked();
        return;
      } catch (thrown) {
        const error = toJitError(thrown);
        const pause = again[attempt];
        if (stopped.signal.aborted) return;
        if (pause === undefined || error.code !== 'ERR_TARGET_UNREACHABLE') {
          const isFirst = !isDown;
          isDown = true;
          failed(error, isFirst);
          return;
        }
        await rest(pause);
      }
    }
  }

  async function drain(): Promise<void> {
    for (;;) {
      const next = waiting.shift();
      if (!next || stopped.signal.aborted) break;
      const missed = dropped === 0 ? '' : ` (${dropped} alerts before it were dropped)`;
      dropped = 0;
      await deliver({ ...next, text: `${next.text}${missed}` });
    }
    running = null;
  }

  function rest(length: Milliseconds): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(length, resolve);
      stopped.signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  return {
    push(alert) {
      if (stopped.signal.aborted) return;
      waiting.push(alert);
      if (waiting.length > mostWaiting) {
        waiting.shift();
        dropped += 1;
      }
      running ??= drain();
    },
    idle: async () => running ?? undefined,
    stop() {
      stopped.abort();
      waiting.length = 0;
    },
  };
}
