// How far a log is signed, by which key and why that key is believed, and what it was compared with: the same words for a file
// and for the shared store.

/** `all signed`. */
export function signedText({ events, signed }: { readonly events: number; readonly signed: number }): string {
  if (signed === 0) return 'not signed';
  return signed === events ? 'all signed' : `the last ${events - signed} not signed`;
}

/**
 * The key that all others are believed by, and the one in force where that is another; none for a log without one. `by`: what
 * has named the first, if nobody gave one.
 */
export function keyLines(
  keys: readonly string[],
  trusted: readonly string[],
  by: 'log' | 'store' = 'log',
): string[] {
  const [first] = keys;
  const newest = keys.at(-1);
  if (first === undefined || newest === undefined) return [];
  const known = keys.find((key) => trusted.includes(key));
  const rotations = keys.length - 1 - keys.indexOf(known ?? first);
  const now =
    rotations === 0 ? [] : [`key now ${newest} (${rotations} rotation${rotations === 1 ? '' : 's'} later)`];
  if (known !== undefined) return [`key ${known} (given)`, ...now];
  const source = by === 'log' ? 'named by the log itself' : 'taken from the store itself';
  const name = by === 'log' && rotations > 0 ? 'first key' : 'key';
  return [`${name} ${first} (${source}; give yours with --key)`, ...now];
}

/** What stands at the end. `excused`: heads that are lost, as a fork says. */
export function headsText({
  heads,
  excused = 0,
}: {
  readonly heads: number;
  readonly excused?: number;
}): string {
  if (heads + excused === 0) return 'compared with no head kept elsewhere';
  const text = `leads to ${heads} head${heads === 1 ? '' : 's'} kept elsewhere`;
  return excused === 0 ? text : `${text}, and not to ${excused} that a fork has put on record as lost`;
}
