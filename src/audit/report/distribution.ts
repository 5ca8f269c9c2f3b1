// Percentiles of lengths of time, and counts in order.

import type { Milliseconds } from '../../core/time.ts';
import type { Count, Distribution } from './report.ts';

/** Percentiles by nearest rank: the smallest value that at least that share does not exceed. */
export function distributionOf(values: readonly Milliseconds[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const rank = (share: number): number | null => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  return { count: sorted.length, p50Ms: rank(0.5), p95Ms: rank(0.95), maxMs: sorted.at(-1) ?? null };
}

/** Counts by name. */
export interface Tally {
  add(name: string, more?: number): void;
  /** Most first; the same count in order of name. */
  counts(): Count[];
  readonly size: number;
}

/** Counts nothing yet. */
export function createTally(): Tally {
  const counts = new Map<string, number>();
  return {
    add: (name, more = 1) => void counts.set(name, (counts.get(name) ?? 0) + more),
    counts: () =>
      [...counts]
        .map(([name, count]) => ({ name, count }))
        .sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1)),
    get size() {
      return counts.size;
    },
  };
}
