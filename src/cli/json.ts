// What --json prints: the protocol's values with names and times for people's scripts. The one place that converts.
// Names are snake_case, points in time RFC 3339 in UTC, lengths of time `…_ms`. New fields may come, none changes.

const instants = new Set([
  'now',
  'requestedAt',
  'startedAt',
  'deadline',
  'hardDeadline',
  'irrevocableUntil',
  'endedAt',
  'accessEndedAt',
  'revokedAt',
  'foundAt',
  'endsAt',
  'expiresAt',
  'since',
  'at',
]);
const durations = new Set(['duration', 'maxDuration', 'value']);
// Their keys are names of others, not of ours.
const verbatim = new Set(['env', 'hardening', 'body']);

const snake = (key: string): string => key.replace(/[a-z][A-Z]/g, ([a, b]) => `${a}_${b?.toLowerCase()}`);

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    if (verbatim.has(key)) return [snake(key), inner];
    if (instants.has(key))
      return [snake(key), typeof inner === 'number' ? new Date(inner).toISOString() : inner];
    if (durations.has(key) && (typeof inner === 'number' || inner === null))
      return [`${snake(key)}_ms`, inner];
    return [snake(key), convert(inner)];
  });
  return Object.fromEntries(entries);
}

/** A value of the protocol as documented JSON, with the number of this form in front. */
export function toJsonValue(value: object): Record<string, unknown> {
  return { schema: 1, ...(convert(value) as Record<string, unknown>) };
}

/** As {@link toJsonValue}, as text: indented, one document. */
export function toJsonText(value: object): string {
  return JSON.stringify(toJsonValue(value), null, 2);
}
