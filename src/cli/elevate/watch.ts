// Watches a grant while its session runs: asks the broker again and again, and the clock. Must not: end anything.

import type { Client } from '../../client/client.ts';
import { hasCode } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { GrantView, LeaseView } from '../../protocol/views.ts';
import { countdownTo } from '../../shell/countdown.ts';
import type { Clock } from '../../system/clock.ts';

/** What a watch needs. */
export interface WatchOptions {
  readonly grant: GrantView;
  readonly client: Client;
  /** Reaches a broker again when the one at hand went away; starts one, so that its recovery runs. */
  readonly reconnect: () => Promise<Client>;
  readonly clock: Clock;
  /** Called once when what an endpoint serves cannot be made anew any more, and once when it can again. */
  readonly refreshing?: (grant: GrantView, failure: NonNullable<LeaseView['notRefreshed']> | null) => void;
}

/** A grant under watch. */
export interface GrantWatch {
  /** Settles when the grant is no longer active, or its deadline has passed and no broker says otherwise. */
  readonly ended: Promise<void>;
  /** The grant as last heard of. */
  current(): GrantView;
  /** Calls back with each new deadline; the answer stops that. */
  onDeadline(callback: (deadline: Instant) => void): () => void;
  /** Looks at the clock now: this process was stopped. */
  look(): void;
  /** Ends the watching; `ended` then never settles if it had not. */
  stop(): void;
}

const poll = 20_000;
const firstPause = 200;
const longestPause = 5_000;
// The broker ends the grant at the deadline itself; only when it says nothing for this long the clock decides.
const patience = 1_000;
// Timers do not count the time that a machine sleeps: look at the clock at least this often.
const look = 15_000;

function failureOf({ leases }: GrantView): LeaseView['notRefreshed'] {
  return leases.find(({ notRefreshed }) => notRefreshed !== null)?.notRefreshed ?? null;
}

function leftOf({ deadline }: GrantView, clock: Clock): () => number {
  return deadline === null ? () => Number.POSITIVE_INFINITY : countdownTo(deadline, clock);
}

/** Starts watching. */
export function watchGrant({ grant, client, reconnect, clock, refreshing }: WatchOptions): GrantWatch {
  const abort = new AbortController();
  let known = grant;
  let left = leftOf(known, clock);
  let lookNow = (): void => {};
  let cancelTimer = (): void => {};
  const listeners = new Set<(deadline: Instant) => void>();

  function hear(heard: GrantView): void {
    const { deadline } = heard;
    const isMoved = deadline !== known.deadline;
    known = heard;
    if (!isMoved || deadline === null || heard.state !== 'active') return;
    left = leftOf(heard, clock);
    for (const tell of listeners) tell(deadline);
  }

  const pause = (length: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(length, resolve);
      abort.signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });

  async function untilBrokerSays(): Promise<void> {
    let current: Client | null = client;
    for (let wait = firstPause; !abort.signal.aborted; ) {
      try {
        current ??= await reconnect();
        const { id, state, deadline } = known;
        const failed = failureOf(known);
        const asked = { state, deadline, notRefreshed: failed?.code ?? null };
        hear(await current.wait({ grant: id, known: asked, timeout: poll }, abort.signal));
        wait = firstPause;
        if (known.state !== 'active') return;
        const fails = failureOf(known);
        // One failure that becomes another is still the same trouble.
        if ((failed === null) !== (fails === null)) refreshing?.(known, fails);
      } catch (error) {
        // A broker that does not know the grant holds nothing for it.
        if (hasCode(error, 'ERR_UNKNOWN_NAME')) return;
        current = null;
        await pause(wait);
        wait = Math.min(wait * 2, longestPause);
      }
    }
  }

  function untilDeadline(): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        cancelTimer();
        const silence = left() + patience;
        if (silence <= 0) resolve();
        else cancelTimer = clock.after(Math.min(silence, look), check);
      };
      lookNow = check;
      check();
    });
  }

  const said = untilBrokerSays().then(() => (abort.signal.aborted ? new Promise<void>(() => {}) : undefined));
  const ended = Promise.race([said, untilDeadline()]).then(() => {
    lookNow = () => {};
    cancelTimer();
  });
  return {
    ended,
    current: () => known,
    onDeadline(callback) {
      listeners.add(callback);
      return () => void listeners.delete(callback);
    },
    look: () => lookNow(),
    stop() {
      lookNow = () => {};
      cancelTimer();
      abort.abort();
    },
  };
}
