// Who is signed in at GitHub: tokens that can do all that the App and the person may do, in memory alone and never handed
// out. Owns: how long each is kept. Nothing of it outlives the broker.

import { JitError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import type { Clock } from '../../system/clock.ts';

/** What a person allowed. */
export interface SignedIn {
  readonly token: Secret;
  readonly endsAt: Instant;
  /** Takes it back at GitHub; answers whether that worked: if not, it ends by itself. Never rejects. */
  end(): Promise<boolean>;
}

export interface SignIns {
  /**
   * Signs in unless that is done. Many who ask at once are one; when all of them went away, `make` is told to stop.
   * @throws JitError what `make` throws
   */
  get(key: string, make: (signal: AbortSignal) => Promise<SignedIn>, signal: AbortSignal): Promise<void>;
  /** For a lease, which keeps it until it is released; null when nobody is signed in. */
  use(key: string, lease: string): SignedIn | null;
  release(lease: string): void;
  /** GitHub does not take it any more. */
  forget(one: SignedIn): void;
  /** A provider is there. */
  join(): void;
  /** A provider is not there any more; with the last one all are taken back. */
  leave(): Promise<void>;
}

/** Without a lease for this long it is taken back. */
const idle: Milliseconds = 15 * 60_000;
/** Timers stand still while a machine sleeps: the clock is looked at this often. */
const longestWait: Milliseconds = 60_000;
/** What ends sooner is not begun with: whether narrowed tokens end with what they were made from is not documented. */
const leastLife: Milliseconds = 60 * 60_000;

interface Kept {
  readonly one: SignedIn;
  readonly leases: Set<string>;
  usedAt: Instant;
  cancel(): void;
}

interface Flight {
  readonly promise: Promise<void>;
  readonly abort: AbortController;
  waiters: number;
}

export function createSignIns(clock: Clock): SignIns {
  const kept = new Map<string, Kept>();
  const flights = new Map<string, Flight>();
  let providers = 0;

  function usable(key: string): Kept | null {
    const known = kept.get(key);
    return known && clock.now() < known.one.endsAt - leastLife ? known : null;
  }

  function drop(key: string): Kept | null {
    const known = kept.get(key) ?? null;
    known?.cancel();
    kept.delete(key);
    return known;
  }

  function watch(key: string, held: Kept): void {
    held.cancel = clock.after(longestWait, () => {
      const isIdle = held.leases.size === 0 && clock.now() >= held.usedAt + idle;
      if (isIdle || clock.now() >= held.one.endsAt) void drop(key)?.one.end();
      else watch(key, held);
    });
  }

  function keep(key: string, one: SignedIn): void {
    // One that leases came from is left to end by itself, within the hour: they may depend on it.
    const before = drop(key);
    if (before?.leases.size === 0) void before.one.end();
    const held: Kept = { one, leases: new Set(), usedAt: clock.now(), cancel: () => undefined };
    kept.set(key, held);
    watch(key, held);
  }

  function start(key: string, make: (signal: AbortSignal) => Promise<SignedIn>): Flight {
    const abort = new AbortController();
    const promise = make(abort.signal)
      .then(async (one) => {
        if (!abort.signal.aborted) return keep(key, one);
        await one.end();
        throw gone();
      })
      .finally(() => flights.get(key) === flight && flights.delete(key));
    const flight: Flight = { promise, abort, waiters: 0 };
    promise.catch(() => undefined);
    flights.set(key, flight);
    return flight;
  }

  return {
    async get(key, make, signal) {
      if (usable(key)) return;
      const known = flights.get(key);
      const flight = known && !known.abort.signal.aborted ? known : start(key, make);
      flight.waiters += 1;
      const leave = (): void => {
        flight.waiters -= 1;
        if (flight.waiters === 0) flight.abort.abort(gone());
      };
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) leave();
      try {
        await flight.promise;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
    use(key, lease) {
      const held = usable(key);
      held?.leases.add(lease);
      return held?.one ?? null;
    },
    release(lease) {
      for (const held of kept.values()) if (held.leases.delete(lease)) held.usedAt = clock.now();
    },
    forget(one) {
      for (const [key, held] of kept) if (held.one === one) void drop(key)?.one.end();
    },
    join() {
      providers += 1;
    },
    async leave() {
      providers -= 1;
      // A changed configuration closes a provider just before it opens its successor.
      await null;
      if (providers > 0) return;
      const underWay = [...flights.values()];
      for (const { abort } of underWay) abort.abort(gone());
      const ends = [...kept.keys()].map((key) => drop(key)?.one.end());
      await Promise.allSettled([...underWay.map(({ promise }) => promise), ...ends]);
    },
  };
}

function gone(): JitError {
  return new JitError('ERR_CONFLICT', 'nobody waits for the sign-in any more');
}
