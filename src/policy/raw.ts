// Looks into values that no schema has passed yet: whatever is not as hoped for is as if it were not there.

import type { Path } from './yaml.ts';

/** A text of the file and the way to it. */
export interface Text {
  readonly text: string;
  readonly path: Path;
}

/** The value as a record; empty when it is none. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** The value as a list; empty when it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The texts of a list. */
export function texts(value: unknown, path: Path): Text[] {
  return list(value).flatMap((item, index) =>
    typeof item === 'string' ? [{ text: item, path: [...path, index] }] : [],
  );
}
