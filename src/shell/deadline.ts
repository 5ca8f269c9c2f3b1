// Whether a grant is past its deadline, for a child that ended before the broker's word came. Must not: end anything.

import type { Instant } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { readPrivateFile } from '../system/files.ts';

/** What {@link isPastDeadline} looks at. */
export interface DeadlineOptions {
  readonly grant: { readonly id: string; readonly deadline: Instant };
  readonly stateFile: string;
  readonly clock: Clock;
}

/**
 * True when the deadline has passed and the prompt-state file names no later one, as it does once a grant has
 * been extended. At the deadline the broker cuts the sessions on the target, so a child often ends a moment
 * before the broker's word arrives: that child ended with its grant.
 */
export function isPastDeadline({ grant, stateFile, clock }: DeadlineOptions): boolean {
  const now = clock.now();
  return now >= grant.deadline && now >= (recordedDeadline(stateFile, grant.id) ?? grant.deadline);
}

/** More than a thousand grants. */
const largest = 256 * 1024;

/** The deadline in the file, to the second; null when it names none. Lines: `<epoch seconds> <grant id> …`. */
function recordedDeadline(file: string, grant: string): Instant | null {
  for (const line of read(file).split('\n')) {
    const [expiry = '', id] = line.split(' ');
    if (id === grant && /^[0-9]{1,11}$/.test(expiry)) return Number(expiry) * 1000;
  }
  return null;
}

function read(file: string): string {
  try {
    return readPrivateFile(file, largest).toString('utf8');
  } catch {
    // No file of the broker: the deadline that the session was started with holds.
    return '';
  }
}
