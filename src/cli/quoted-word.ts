// Words as one would type them: for hints that can be copied. Must not: be used to run anything.

/** As one word of a command line. */
export function quotedWord(word: string): string {
  if (/^[\w./:@%+=,-]+$/.test(word)) return word;
  return /^[\w ./:@%+=,-]+$/.test(word) ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}
