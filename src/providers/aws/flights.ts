// Values that are costly to get: many ask at once, one call is made; kept for a part of their life. Failures are told to
// all who wait and are not kept.

import type { Instant } from '../../core/time.ts';
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
  /** @param key has to hold everything that shapes the value */
  get(key: string, make: () => Promise<Perishable<T>>): Promise<T>;
  /** What is kept; null when it would have to be got. */
  peek(key: string): T | null;
}

/** Kept until a fifth of their life, at most five minutes, is left. */
export function createFlights<T>(clock: Clock): Flights<T> {
  const kept = new Map<string, Kept<T>>();
  const flying = new Map<string, Promise<T>>();
  return {
    get(key, make) {
      const known = kept.get(key);
      if (known && clock.now() < known.until) return Promise.resolve(known.value);
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
        .finally(() => flying.delete(key));
      flying.set(key, flight);
      return flight;
    },
    peek(key) {
      const known = kept.get(key);
      return known && clock.now() < known.until ? known.value : null;
    },
  };
}
