// Figures and times as the report words them: English, UTC, the same everywhere.

import { formatDuration } from '../../core/duration.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import type { Period } from './report.ts';

/** `100,000` */
export const figure = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 grant`, `2 grants` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`;
}

/** `12 ms`, `1.2 s`, `4m10s`, `1d2h` */
export function lengthOf(length: Milliseconds | null): string {
  if (length === null) return '–';
  if (Math.abs(length) < 1_000) return `${Math.round(length)} ms`;
  if (Math.abs(length) < 60_000) return `${(Math.trunc(length / 100) / 10).toFixed(1)} s`;
  // From an hour on, seconds are noise.
  return formatDuration(length < 3_600_000 ? length : Math.round(length / 60_000) * 60_000);
}

/** `2026-11-22 10:00:05` */
export const timeText = (at: Instant | null): string =>
  at === null ? '–' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** `2026-11-22` */
export const dayText = (at: Instant): string => new Date(at).toISOString().slice(0, 10);

/** The days of a period, the last one included: `2026-01-01 to 2026-03-31`. */
export const spanOf = ({ from, to }: Period): readonly [first: string, last: string] => [
  dayText(from),
  dayText(to - 1),
];

/** `12.5 %` */
export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (100 * part) / whole;
  // Never 100 % of what is not all of it, nor 0 % of what is not nothing.
  if (part > 0 && percent < 0.1) return '< 0.1 %';
  if (part < whole && percent > 99.9) return '> 99.9 %';
  return `${percent.toFixed(percent === Math.round(percent) ? 0 : 1)} %`;
}
