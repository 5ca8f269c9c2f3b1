// How far a log is signed, by which key and why that key is believed, and what it was compared with: the same words for a file
// and for the shared store.

/** `all signed`. */
export function signedText({ events, signed }: { readonly events: number; readonly signed: number }): string {
  if (signed === 0) return 'not signed';
  return signed === events ? 'all signed' : `the last ${events - signed} not signed`;
}

/** A line about the key; none for a log without one. `by`: what has named it, if nobody gave it. */
export function keyLines(
  keys: readonly string[],
  trusted: readonly string[],
  by: 'log' | 'store' = 'log',
): string[] {
  const known = keys.find((key) => trusted.includes(key));
  if (known !== undefined) return [`key ${known} (given)`];
  const source = by === 'log' ? 'named by the log itself' : 'taken from the store itself';
  return keys.slice(-1).map((key) => `key ${key} (${source}; give yours with --key)`);
}

/** What stands at the end. */
export function headsText(heads: number): string {
  if (heads === 0) return 'compared with no head kept elsewhere';
  return `leads to ${heads} head${heads === 1 ? '' : 's'} kept elsewhere`;
}
