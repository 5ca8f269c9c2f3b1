// Times as people read them: the clock on their wall, and how long it is until then.

import { formatDuration } from '../core/duration.ts';
import type { Instant, Milliseconds } from '../core/time.ts';

const two = (number: number): string => String(number).padStart(2, '0');
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
// Below this the seconds matter.
const secondsBelow: Milliseconds = 5 * 60_000;

/** How long, exactly to the second; never less than 0s. */
export function lengthText(length: Milliseconds): string {
  return formatDuration(Math.round(length / 1000) * 1000);
}

/** How long is left or has passed: from ten minutes on, seconds are noise. */
export function aboutText(length: Milliseconds): string {
  return lengthText(length < 600_000 ? length : Math.round(length / 60_000) * 60_000);
}

/** `14:32`, with seconds when it is close, with the date when it is another day. */
export function clockText(at: Instant, now: Instant): string {
  const date = new Date(at);
  const close = Math.abs(at - now) < secondsBelow;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}${close ? `:${two(date.getSeconds())}` : ''}`;
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${days[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]} ${time}`;
}

/** `until 14:32 (30m)` */
export function untilText(deadline: Instant, now: Instant): string {
  return `until ${clockText(deadline, now)} (${aboutText(deadline - now)})`;
}

/** `2026-11-22 14:32:05+01:00` by the local clock: for lists that reach back, and are compared with those of others. */
export function stampText(at: Instant): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const zone = -date.getTimezoneOffset();
  const [hours, minutes] = [Math.trunc(Math.abs(zone) / 60), Math.abs(zone) % 60];
  const offset = `${zone < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${offset}`;
}
