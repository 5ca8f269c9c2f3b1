// The report as JSON: everything, in a form that stays. Names are snake_case, points in time RFC 3339 in UTC, lengths `…_ms`.

import type { Report } from './report.ts';

const instants = /(^at|^from|^to|^until|At)$/;

interface Name {
  readonly snake: string;
  readonly isInstant: boolean;
}

/** There are some hundred names and millions of fields. */
const names = new Map<string, Name>();

function nameOf(key: string): Name {
  const known = names.get(key);
  if (known) return known;
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const name = { snake, isInstant: instants.test(key) };
  names.set(key, name);
  return name;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  const converted: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const { snake, isInstant } = nameOf(key);
    converted[snake] =
      isInstant && typeof inner === 'number' ? new Date(inner).toISOString() : convert(inner);
  }
  return converted;
}

/** What would steer a terminal that it is printed to is written as JSON can: the value is the same. */
const textOf = (value: unknown): string =>
  JSON.stringify(convert(value)).replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/**
 * The text, in parts: a register may be larger than a text can be. One field of the report a line, and one grant a line.
 */
export function* jsonOf(report: Report): Generator<string> {
  const { grants, ...rest } = report;
  for (const [index, [key, value]] of Object.entries(rest).entries()) {
    yield `${index === 0 ? '{' : ','}\n"${nameOf(key).snake}":${textOf(value)}`;
  }
  yield ',\n"grants":[';
  for (const [index, grant] of grants.entries()) {
    yield `${index === 0 ? '' : ','}\n${textOf(grant)}`;
  }
  yield '\n]}\n';
}
