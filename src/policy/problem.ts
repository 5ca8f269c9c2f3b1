// What is wrong with a file, where, and how many such problems become one error.

import { JitError } from '../core/errors.ts';

/** A place in a file: both count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong. `message` never holds what may be a secret. */
export interface Problem extends Position {
  /** The file, as it was named. */
  readonly path: string;
  readonly message: string;
}

const most = 10;

/** The text with every character escaped that could move a cursor, turn the line round, or hide. */
export function visible(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
    /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The place of a UTF-16 offset. */
export function positionIn(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, Math.min(offset, text.length)));
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - start + 1 };
}

/**
 * One error of all problems: a line each, `<path>:<line>:<column>: <what>`, in order of the file, at most ten.
 * The main file's problems come first. `next` is the command that reads the file again.
 */
export function configError(path: string, problems: readonly Problem[], next = 'jit policy check'): JitError {
  const rank = (problem: Problem) => (problem.path === path ? 0 : 1);
  const sorted = [...problems].sort(
    (a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path) || a.line - b.line || a.column - b.column,
  );
  const lines = new Set(
    sorted.map(({ path, line, column, message }) => `${path}:${line}:${column}: ${visible(message)}`),
  );
  const shown = [...lines].slice(0, most);
  if (lines.size > most) shown.push(`and ${lines.size - most} more`);
  return new JitError('ERR_CONFIG', shown.join('\n'), {
    hint: `correct the file, then run ${next}`,
  });
}
