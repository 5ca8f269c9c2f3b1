// A point in time as people type it, for --since, --until and --at. Owns: that grammar.

import { parseDuration } from '../core/duration.ts';
import { hasCode, JitError } from '../core/errors.ts';
import type { Instant } from '../core/time.ts';

const stamp = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?(Z|[+-]\d\d:\d\d)?$/;
const clockTime = /^(\d\d?):(\d\d)(?::(\d\d))?$/;

function refuse(text: string): never {
  throw new JitError('ERR_USAGE', `"${text}" is not a point in time`, {
    hint: 'write 2h (ago), 14:30 (today), 2026-11-22 or 2026-11-22T14:30Z',
  });
}

/**
 * Reads `2h` (that long ago), `14:30` (today), `2026-11-22`, `2026-11-22T14:30[:00][Z|+01:00]`; without a zone
 * in the user's own. A duration longer than ago can be told is refused as any other text.
 * @throws JitError `ERR_USAGE`
 */
export function parseInstant(text: string, now: Instant): Instant {
  const time = clockTime.exec(text);
  if (time) {
    const [hour, minute, second] = [Number(time[1]), Number(time[2]), Number(time[3] ?? 0)];
    if (hour > 23 || minute > 59 || second > 59) refuse(text);
    return new Date(now).setHours(hour, minute, second, 0);
  }
  const match = stamp.exec(text);
  if (match) return fromStamp(text, match);
  try {
    return now - parseDuration(text);
  } catch (error) {
    if (hasCode(error, 'ERR_DURATION', 'ERR_USAGE')) refuse(text);
    throw error;
  }
}

function fromStamp(text: string, match: RegExpExecArray): Instant {
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] = match;
  const instant = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`).getTime();
  // Date rolls 31 February over to March instead of refusing it.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (Number.isNaN(instant) || Number(day) > days) refuse(text);
  return instant;
}
