// What programs say, as it may be shown or logged: cut, cleaned, and without what is or could be a secret. A net under the
// rule that programs say no secrets; what a program makes up and calls no secret cannot be told from a word.

import type { Secret } from '../../core/secret.ts';
import { createRedactor } from '../../system/redact.ts';

const mark = '[secret]';

/** Long runs of letters and digits together are how keys look, and names hardly ever. */
const keyLike = /[A-Za-z0-9+_=-]{16,}/g;

/** What is known when something is to be shown. */
export interface Known {
  /** Values that the program was given. */
  readonly secrets: readonly Secret[];
  /** What it printed on stdout: the credential may be in it, whatever the rest looks like. */
  readonly printed?: string;
  /** Names that may be shown although they look like keys. */
  readonly names: readonly string[];
}

/** One line of at most `longest` UTF-16 units, from the beginning of `text`. */
export function shownText(text: string, known: Known, longest = 300): string {
  const redactor = createRedactor();
  for (const secret of known.secrets) redactor.add(secret);
  let clean = redactor.redact(text);
  for (const word of wordsOf(known.printed ?? '')) {
    if (!known.names.includes(word)) clean = clean.replaceAll(word, mark);
  }
  clean = clean.replace(keyLike, (word) =>
    known.names.includes(word) || !(/\d/.test(word) && /[A-Za-z]/.test(word)) ? word : mark,
  );
  const line = clean.replace(/[\p{Cc}\p{Cf}\u2028\u2029\s]+/gu, ' ').trim();
  return (line.length > longest ? `${line.slice(0, longest - 1)}…` : line).toWellFormed();
}

/** What stands between blanks and the marks of JSON; longest first, as one may hold another. */
function wordsOf(printed: string): string[] {
  const words = new Set(printed.split(/[\s"'{}[\]:,\\]+/).filter((word) => word.length >= 6));
  return [...words].sort((a, b) => b.length - a.length);
}
