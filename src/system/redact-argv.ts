// The words of a command without its secrets: what follows a flag or a name that sounds like one, logins in URLs, and what
// the redactor knows. Must not: cut a word before it is looked at; half a secret is not recognised any more.

/** A name that a secret is given by. */
const secretive =
  'pass(?:word|wd|phrase|code)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|signing[-_]?key|credentials?|bearer|auth(?:orization)?|cookie|otp|mfa[-_]?code';

const mark = '[secret]';

/** `--password`, `--db-token`, `-passphrase`; the next word is the secret. */
const secretFlag = new RegExp(`^--?(?:[a-z0-9]+[-_.])*(?:${secretive})$`, 'i');

/** `--token=x`, `TOKEN=x`, `db_password: x`, also inside of a longer text such as that of `sh -c`. */
const assignment = new RegExp(
  `((?:^|[^a-z0-9])(?:[a-z0-9]+[-_.])*(?:${secretive})["']?\\s*[=:]\\s*)("[^"]*"|'[^']*'|[^\\s;&|]+)`,
  'gi',
);
/** `--password x` and `PASSWORD 'x'` inside of a longer text. */
const spoken = new RegExp(
  `((?:^|\\s)--?(?:[a-z0-9]+[-_.])*(?:${secretive})\\s+|\\b(?:password|passphrase)\\s+(?='))("[^"]*"|'[^']*'|[^\\s;&|]+)`,
  'gi',
);
const bearer = /\b((?:bearer|basic|token)\s+)[A-Za-z0-9+/=._~-]{8,}/gi;

/** `curl -u name:secret`. */
const loginFlags = new Set(['-u', '--user', '--proxy-user', '-U']);
/** Programs whose `-p` takes the secret without a blank. */
const gluedPassword = /^(mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|sshpass)$/;

/** Most words, and most characters of all of them, that are kept. */
const mostWords = 200;
const mostCharacters = 12_000;

/**
 * The words of a command as they may be recorded.
 * @param redact cuts out secrets that are known, and what looks like one by itself
 */
export function redactArgv(argv: readonly string[], redact: (text: string) => string): string[] {
  const program = (argv[0] ?? '').replace(/^.*\//, '');
  let isSecret = false;
  let isLogin = false;
  const clean = argv.map((word, index) => {
    const [wasSecret, wasLogin] = [isSecret, isLogin];
    isSecret = index > 0 && secretFlag.test(word);
    isLogin = index > 0 && loginFlags.has(word);
    // What follows may be the next flag: a switch such as `--token` of some programs takes no value.
    if (wasSecret && !(isSecret || word.startsWith('--'))) return mark;
    if (wasLogin && /^[^\s:]*:./s.test(word)) return word.replace(/:.*$/s, `:${mark}`);
    if (index > 0 && gluedPassword.test(program) && /^-p./.test(word)) return `-p${mark}`;
    return redactWord(word, redact);
  });
  return shorten(clean);
}

function redactWord(word: string, redact: (text: string) => string): string {
  return redact(word.toWellFormed())
    .replace(assignment, (_all, before: string) => `${before}${mark}`)
    .replace(spoken, (_all, before: string) => `${before}${mark}`)
    .replace(bearer, `$1${mark}`);
}

/** Whole words only; what is left out is said. */
function shorten(words: readonly string[]): string[] {
  const kept: string[] = [];
  let left = mostCharacters;
  for (const word of words) {
    const shown = word.length > 4_000 ? `[${word.length} characters]` : word;
    if (kept.length === mostWords || shown.length > left)
      return [...kept, `[${words.length - kept.length} more]`];
    left -= shown.length;
    kept.push(shown);
  }
  return kept;
}
