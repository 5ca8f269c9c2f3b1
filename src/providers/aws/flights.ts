// Values that are costly to get: many ask at once, one call is made; kept for a part of their life. Failures are told to
// all who wait, and to those who come a moment later: a crowd does not arrive at one instant.

import type { Instant, Milliseconds } from '../../core/time.ts';
import type { Clock } from '../../system/clock.ts';

interface Kept<T> {
  readonly value: T;
  /** When it is to be got anew. */
  readonly until: Instant;
}

/** A value and when it ends; null: never. */
export interface Perishable<T> {
  readonly value: T;
  readonly expiresAt: Instant | null;
}

export interface Flights<T> {
  /**
   * @param key has to hold everything that shapes the value
   * @param echo how long a failure is told again, as the same object, without trying; longer would hide that a person has
   *   meanwhile put it right
   */
  get(key: string, make: () => Promise<Perishable<T>>, echo?: Milliseconds): Promise<T>;
  /** What is kept; null when it would have to be got. */
  peek(key: string): T | null;
  /** Forgets the values that turned out to be of no use. */
  drop(isUseless: (value: T) => boolean): void;
}

/** Kept until a fifth of their life, at most five minutes, is left. */
export function createFlights<T>(clock: Clock): Flights<T> {
  const kept = new Map<string, Kept<T>>();
  const flying = new Map<string, Promise<T>>();
  const failed = new Map<string, { readonly thrown: unknown; readonly until: Milliseconds }>();
  return {
    get(key, make, echo = 0) {
      const known = kept.get(key);
      if (known && clock.now() < known.until) return Promise.resolve(known.value);
      const failure = failed.get(key);
      if (failure && clock.sinceBoot() < failure.until) return Promise.reject(failure.thrown);
      failed.delete(key);
      const underWay = flying.get(key);
      if (underWay) return underWay;
      const start = clock.now();
      const flight = make()
        .then(({ value, expiresAt }) => {
          const margin = expiresAt === null ? 0 : Math.min(300_000, (expiresAt - start) / 5);
          const until = expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt - margin;
          // Keys that are over have no business in memory.
          for (const [other, one] of kept) if (one.until <= clock.now()) kept.delete(other);
          if (until > clock.now()) kept.set(key, { value, until });
          return value;
        })
        .catch((thrown: unknown) => {
          if (echo > 0) failed.set(key, { thrown, until: clock.sinceBoot() + echo });
          throw thrown;
        })
        .finally(() => flying.delete(key));
      flying.set(key, flight);
      return flight;
    },
    peek(key) {
      const known = kept.get(key);
      return known && clock.now() < known.until ? known.value : null;
    },
    drop(isUseless) {
      for (const [key, { value }] of kept) if (isUseless(value)) kept.delete(key);
    },
  };
}
