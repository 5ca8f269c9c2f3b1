// Whether the population is whole: sequence numbers of each log, without a gap, and how many events of which type.

import type { EventBody } from '../event.ts';
import { createTally } from './distribution.ts';
import type { Count, SequenceRange } from './report.ts';

/** Counts events as they pass by. */
export interface Completeness {
  /** To be called with every event of the source, in order, whatever its time. */
  see(event: EventBody, isIn: boolean): void;
  result(): { readonly events: number; readonly ranges: SequenceRange[]; readonly types: Count[] };
}

interface Range {
  first: number;
  last: number;
  events: number;
  /** Since the first event that was in the period. */
  passed: number;
  passedAtLast: number;
}

/** Has seen nothing yet. */
export function createCompleteness(): Completeness {
  const ranges = new Map<string, Range>();
  const types = createTally();
  let events = 0;
  return {
    see({ origin, seq, type }, isIn) {
      const number = Number(seq);
      let range = ranges.get(origin);
      if (!isIn) {
        if (range) range.passed += 1;
        return;
      }
      events += 1;
      types.add(type);
      if (!range) {
        range = { first: number, last: number, events: 0, passed: 0, passedAtLast: 0 };
        ranges.set(origin, range);
      }
      range.events += 1;
      range.passed += 1;
      range.last = number;
      range.passedAtLast = range.passed;
    },
    result: () => ({
      events,
      types: types.counts(),
      ranges: [...ranges].map(([origin, range]) => ({
        origin,
        first: String(range.first),
        last: String(range.last),
        events: range.events,
        otherTimes: range.passedAtLast - range.events,
        gaps: range.last - range.first + 1 - range.passedAtLast,
      })),
    }),
  };
}
