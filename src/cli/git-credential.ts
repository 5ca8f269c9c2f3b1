// The protocol between git and its credential helpers, git-credential(1) "INPUT/OUTPUT FORMAT". Pure.

/** More than git ever asks, in bytes. */
export const largestQuestion = 65_536;

type Fields = Readonly<Record<string, string | number>>;

/** What git wants to reach, by key. Of a key that comes twice the last counts, as in git. */
export function askedFor(input: Uint8Array): Readonly<Record<string, string>> {
  const lines = Buffer.from(input).toString('utf8').split('\n');
  const end = lines.indexOf('');
  return Object.fromEntries(
    lines.slice(0, end === -1 ? lines.length : end).flatMap((line) => {
      const at = line.indexOf('=');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
}

/** `credential` as lines, when it is for what was asked: same protocol and host, and a path of its owner; else nothing. */
export function answerFor(asked: Readonly<Record<string, string>>, credential: Fields): string[] {
  const [wanted, ours] = [originOf(asked), originOf(credential)];
  if (wanted === null || wanted !== ours) return [];
  if (!isBelow(asked['path'] ?? '', String(credential['path'] ?? ''))) return [];
  const told = ['protocol', 'host', 'username', 'password', 'password_expiry_utc'] as const;
  // protocol and host as git said them: it compares the answer with its question.
  const answer: Fields = { ...credential, protocol: asked['protocol'] ?? '', host: asked['host'] ?? '' };
  return told.flatMap((key) => (answer[key] === undefined ? [] : [`${key}=${answer[key]}`]));
}

/** Without a default port, in small letters; null for what is no plain host. */
function originOf({ protocol = '', host = '' }: Fields): string | null {
  const text = `${protocol}://${host}`;
  // Nothing that could end the host or go before it: the rest of a URL, a user, a line break.
  if (!/^https?:\/\/[\w.:[\]-]+$/i.test(text) || !URL.canParse(text)) return null;
  return new URL(text).origin;
}

/** The path itself or below it, in whatever case: GitHub's owners have none. */
function isBelow(path: string, owner: string): boolean {
  if (owner === '' || path.split('/').includes('..')) return false;
  const [small, start] = [path.toLowerCase(), owner.toLowerCase()];
  return small === start || small.startsWith(`${start}/`);
}
