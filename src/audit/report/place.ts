// An event in its place, as the parts of a report take it.

import type { Instant } from '../../core/time.ts';
import type { EventBody } from '../event.ts';

/** An event that a report looks at. */
export interface Seen {
  readonly event: EventBody;
  readonly at: Instant;
  /** False: it was before the period, and only tells what the period began with. */
  readonly isIn: boolean;
  /** Name of the event as `jit audit prove` takes it. Made when asked for: most are never named. */
  readonly name: () => string;
}

/** What an event says of a time; null: it is shaped as one, and is none. */
export function instantOf(stamp: string): Instant | null {
  const at = Date.parse(stamp);
  return Number.isNaN(at) ? null : at;
}
