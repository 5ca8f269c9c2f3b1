// How jit behaves on this terminal: plain, quiet, and which signs can be shown. Read from argv before anything is
// understood, because failures are shown in the same way. Must not: write anything.

type Env = Readonly<Record<string, string | undefined>>;

/** What decides how things are shown, colours aside. */
export interface Manners {
  /** For screen readers: nothing is redrawn, nothing stands in columns. */
  readonly plain: boolean;
  /** No progress and no summaries; errors, warnings and the result stay. */
  readonly quiet: boolean;
  /** Signs beyond ASCII can be shown. */
  readonly unicode: boolean;
}

/** The first of the three that is set and not empty, as locale(7) has it. */
function isUtf8({ LC_ALL, LC_CTYPE, LANG }: Env): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

/** `--plain` or `JIT_PLAIN` (anything but empty, `0` and `false`), `--quiet`, and the locale. */
export function mannersOf(env: Env, argv: readonly string[]): Manners {
  const end = argv.indexOf('--');
  const head = end === -1 ? argv : argv.slice(0, end);
  const plain = head.includes('--plain') || !['', '0', 'false'].includes(env.JIT_PLAIN ?? '');
  return {
    plain,
    quiet: head.some((word) => word === '--quiet' || /^-[hy]*q[hqy]*$/.test(word)),
    unicode: !plain && env.TERM !== 'dumb' && isUtf8(env),
  };
}

/** The same text in signs that every terminal has. */
export function inAscii(text: string): string {
  return text.replaceAll('…', '...');
}
