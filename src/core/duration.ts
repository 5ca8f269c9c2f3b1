// Durations as people type them, and back. Owns the grammar; must not know any limit of a policy.

import { JitError } from './errors.ts';
import type { Milliseconds } from './time.ts';

const units: readonly { readonly names: readonly string[]; readonly seconds: number }[] = [
  { names: ['d', 'day', 'days'], seconds: 86_400 },
  { names: ['h', 'hr', 'hrs', 'hour', 'hours'], seconds: 3_600 },
  { names: ['m', 'min', 'mins', 'minute', 'minutes'], seconds: 60 },
  { names: ['s', 'sec', 'secs', 'second', 'seconds'], seconds: 1 },
];

/** No duration is longer than this: 366 days. */
export const longestDuration: Milliseconds = 366 * 86_400_000;

const examples = 'write for example 30m, 1h30m, 90s, 2d or PT1H30M';

function refuse(text: string, why: string): never {
  // A pasted file must not fill the terminal, nor a control character move its cursor.
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw new JitError('ERR_DURATION', `${JSON.stringify(shown)} is not a duration: ${why}`, {
    hint: examples,
  });
}

function isoSeconds(text: string): number {
  const match = /^p(?:(\d+)d)?(?:t(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?$/i.exec(text);
  if (!match || text.length < 3) refuse(text, 'malformed ISO 8601 duration');
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return days * 86_400 + hours * 3_600 + minutes * 60 + seconds;
}

function termSeconds(text: string): number {
  const term = /\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*/iy;
  let total = 0;
  let last = -1;
  while (term.lastIndex < text.length) {
    const start = term.lastIndex;
    const match = term.exec(text);
    if (!match) {
      const rest = text.slice(start).trim();
      if (/^\d+(\.\d+)?$/.test(rest)) refuse(text, `"${rest}" has no unit: write ${rest}m or ${rest}s`);
      if (/^[-+]/.test(rest)) refuse(text, 'it has a sign');
      refuse(text, 'expected a number and a unit (d, h, m, s)');
    }
    const name = (match[2] ?? '').toLowerCase();
    const index = units.findIndex((unit) => unit.names.includes(name));
    const unit = units[index];
    if (!unit) refuse(text, 'unknown unit: the units are d, h, m and s');
    if (index <= last) refuse(text, 'units go from large to small, each once');
    last = index;
    total += Number(match[1]) * unit.seconds;
  }
  return total;
}

/**
 * Reads `30m`, `1h30m`, `1h 30m`, `90s`, `1.5h`, `2d`, `8 hours`, `PT1H30M`, `P1DT2H`; any case. Rounded to
 * whole seconds. A number without a unit is refused, because other tools mean minutes, seconds or hours by it.
 * @returns milliseconds, at least 1 000, at most {@link longestDuration}.
 * @throws JitError `ERR_DURATION` that says what was found and gives examples.
 */
export function parseDuration(text: string): Milliseconds {
  const trimmed = text.trim();
  if (trimmed === '') refuse(text, 'it is empty');
  if (trimmed.length > 100) refuse(text, 'it is too long');
  const seconds = Math.round(/^p/i.test(trimmed) ? isoSeconds(trimmed) : termSeconds(trimmed));
  if (seconds < 1) refuse(text, 'it is zero');
  if (!(seconds * 1000 <= longestDuration)) refuse(text, 'it is longer than 366 days');
  return seconds * 1000;
}

/** Writes milliseconds as `2d`, `1h30m`, `45s`; part seconds are cut off, less than a second is `0s`. */
export function formatDuration(duration: Milliseconds): string {
  let rest = Math.max(0, Math.trunc(duration / 1000)) || 0;
  let text = '';
  for (const { names, seconds } of units) {
    const count = Math.floor(rest / seconds);
    if (count > 0) text += `${count}${names[0]}`;
    rest -= count * seconds;
  }
  return text === '' ? '0s' : text;
}
