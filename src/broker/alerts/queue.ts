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
  /** Alerts that went or were given up since the last that got through. */
  let missed = 0;
  let isDown = false;
  let running: Promise<void> | null = null;

  /** Answers whether it got through. While the channel is down one attempt per alert will do: the first has waited for all. */
  async function deliver(alert: Alert): Promise<boolean> {
    const again = isDown ? [] : pauses;
    for (let attempt = 0; !stopped.signal.aborted; attempt += 1) {
      try {
        await send(alert, stopped.signal);
        isDown = false;
        worked();
        return true;
      } catch (thrown) {
        const error = toJitError(thrown);
        const pause = again[attempt];
        if (stopped.signal.aborted) return false;
        if (pause === undefined || error.code !== 'ERR_TARGET_UNREACHABLE') {
          const isFirst = !isDown;
          isDown = true;
          failed(error, isFirst);
          return false;
        }
        await rest(pause);
      }
    }
    return false;
  }

  async function drain(): Promise<void> {
    for (;;) {
      const next = waiting.shift();
      if (!next || stopped.signal.aborted) break;
      const before = missed;
      const note =
        before === 0 ? '' : ` (${before} alert${before === 1 ? '' : 's'} before it did not get through)`;
      const isThrough = await deliver({ ...next, text: `${next.text}${note}` });
      // More may have gone meanwhile.
      missed += isThrough ? -before : 1;
    }
    running = null;
  }

  function rest(length: Milliseconds): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = stopped;
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(length, done);
      signal.addEventListener('abort', done);
    });
  }

  return {
    push(alert) {
      if (stopped.signal.aborted) return;
      waiting.push(alert);
      if (waiting.length > mostWaiting) {
        waiting.shift();
        missed += 1;
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
