// The report as JSON: everything, in a form that stays. Names are snake_case, points in time RFC 3339 in UTC, lengths `…_ms`.

import type { Report } from './report.ts';

const instants = /(^at|^from|^to|^until|At)$/;

const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      snake(key),
      typeof inner === 'number' && instants.test(key) ? new Date(inner).toISOString() : convert(inner),
    ]),
  );
}

/**
 * The text, in parts: a register may be larger than a text can be. One field of the report a line, and one grant a line.
 */
export function* jsonOf(report: Report): Generator<string> {
  const { grants, ...rest } = report;
  for (const [index, [key, value]] of Object.entries(rest).entries()) {
    yield `${index === 0 ? '{' : ','}\n"${snake(key)}":${JSON.stringify(convertField(key, value))}`;
  }
  yield ',\n"grants":[';
  for (const [index, grant] of grants.entries()) {
    yield `${index === 0 ? '' : ','}\n${JSON.stringify(convert(grant))}`;
  }
  yield '\n]}\n';
}

const convertField = (key: string, value: unknown): unknown =>
  (convert({ [key]: value }) as Record<string, unknown>)[snake(key)];
