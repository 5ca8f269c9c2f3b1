// Permissions of a GitHub App, by GitHub's own names. Pure.

/** From less to more. */
const levels = ['read', 'write', 'admin'] as const;

export type Level = (typeof levels)[number];
export type Permissions = Readonly<Record<string, Level>>;

function rank(level: string | undefined): number {
  return levels.indexOf(level as Level);
}

/** Whether `inner` gives nothing that `outer` does not. What is no known level is within nothing. */
export function isWithin(
  inner: Readonly<Record<string, string>>,
  outer: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(inner).every(
    ([name, level]) => rank(level) >= 0 && Object.hasOwn(outer, name) && rank(level) <= rank(outer[name]),
  );
}

/** What of `wanted` is not in `granted`: `contents: write`, one each. */
export function lacking(wanted: Permissions, granted: Readonly<Record<string, string>>): string[] {
  return Object.entries(wanted)
    .filter(([name, level]) => !isWithin({ [name]: level }, granted))
    .map(([name, level]) => `${name}: ${level}`);
}

/** `contents:read issues:write`, sorted, for people and for the log. */
export function listed(permissions: Readonly<Record<string, string>>): string {
  return Object.keys(permissions)
    .sort()
    .map((name) => `${name}:${permissions[name]}`)
    .join(' ');
}
