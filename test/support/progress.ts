// Lines of jit that it goes on, told after five seconds: of how busy the machine is. What they say has tests of its own, with
// a clock of theirs.

/** What else a command said on stderr. */
export const withoutProgress = (stderr: string): string =>
  stderr.replace(/^jit: still .* (?:…|\.{3})\n/gm, '');
