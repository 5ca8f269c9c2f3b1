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
  /** One alert got through or was given up: {@link AlertQueue.told} is further. */
  readonly settled: () => void;
  /** Given up before, by another queue of this channel. */
  readonly missed: number;
}

/** Alerts that wait for one channel. */
export interface AlertQueue {
  /** Never waits, never throws. With too many waiting, the oldest goes. `row`: the first of the log that is told by it. */
  push(alert: Alert, row: number): void;
  /** Settles when nothing waits any more. */
  idle(): Promise<void>;
  /** What is still to be told. */
  readonly told: Progress;
  /** Lets go of what waits, and of nothing in {@link AlertQueue.told}. */
  stop(): void;
}

/** What a queue would have to go on with, had it been ended at this moment. */
interface Progress {
  /** The first row that is neither told nor given up; null: nothing waits. */
  readonly next: number | null;
  readonly waiting: number;
  /** Given up before that row. */
  readonly missed: number;
}

/** More than anybody reads; an outage must not fill the memory. */
const mostWaiting = 100;
/** Between the attempts at one alert. */
const pauses: readonly Milliseconds[] = [1_000, 5_000, 25_000];

/** An empty queue. */
export function createQueue({ clock, send, failed, worked, settled, ...before }: QueueTools): AlertQueue {
  let waiting: { readonly alert: Alert; readonly row: number }[] = [];
  let underWay: number | null = null;
  const stopped = new AbortController();
  /** Alerts that went or were given up since the last that got through. */
  let { missed } = before;
  /** The same when the last one was settled: what went since then is after that in the log, and found there again. */
  let missedBefore = missed;
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
      underWay = next.row;
      const before = missed;
      const note =
        before === 0 ? '' : ` (${before} alert${before === 1 ? '' : 's'} before it did not get through)`;
      const isThrough = await deliver({ ...next.alert, text: `${next.alert.text}${note}` });
      // Stopped, it is not given up: the next broker finds it in the log.
      if (!isThrough && stopped.signal.aborted) break;
      // More may have gone meanwhile.
      missed += isThrough ? -before : 1;
      missedBefore = missed;
      underWay = null;
      settled();
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
    push(alert, row) {
      if (stopped.signal.aborted) return;
      waiting.push({ alert, row });
      if (waiting.length > mostWaiting) {
        waiting.shift();
        missed += 1;
      }
      running ??= drain();
    },
    idle: async () => running ?? undefined,
    get told() {
      return {
        next: underWay ?? waiting[0]?.row ?? null,
        waiting: waiting.length + (underWay === null ? 0 : 1),
        missed: missedBefore,
      };
    },
    stop() {
      stopped.abort();
      waiting = [];
    },
  };
}
