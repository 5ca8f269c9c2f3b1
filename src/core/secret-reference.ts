// Where a secret is kept, as the config says it. Owns the grammar; must not read any secret, nor echo a text
// that may be one.

import { JitError } from './errors.ts';

/** A place that holds a secret. */
export type SecretReference =
  | { readonly kind: 'keychain'; readonly service: string; readonly account: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A program and its arguments, run without a shell; what it prints, less one newline, is the secret. */
  | { readonly kind: 'command'; readonly program: string; readonly args: readonly string[] };

/** What a config may hold in place of a secret, in words. Never followed by what was found. */
export const secretReferenceForms =
  'a reference to a secret (keychain:<service>/<account>, env:<NAME>, file:</absolute/path> or command:<program and arguments>), never the secret itself';

/** The same as a pattern, for the published JSON Schema. */
export const secretReferencePattern =
  /^(keychain:[^/\s]+\/\S+|env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+|command:\s*\S.*)$/;

/** Splits at blanks; '…' and "…" keep them. Null when a quote stays open. No expansion of any kind. */
function words(text: string): string[] | null {
  const found: string[] = [];
  const word = /\s*((?:"[^"]*"|'[^']*'|[^\s"'])+)\s*/y;
  while (word.lastIndex < text.length) {
    const match = word.exec(text);
    if (!match) return null;
    found.push((match[1] ?? '').replace(/"([^"]*)"|'([^']*)'/g, (_all, double, single) => double ?? single));
  }
  return found;
}

/** Reads a reference; null when `text` is none. */
function read(text: string): SecretReference | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (text.length > 1000 || /[\u0000-\u001f\u007f]/.test(text)) return null;
  if (!secretReferencePattern.test(text)) return null;
  const rest = text.slice(text.indexOf(':') + 1);
  if (text.startsWith('env:')) return { kind: 'env', name: rest };
  if (text.startsWith('file:')) return { kind: 'file', path: rest };
  if (text.startsWith('keychain:')) {
    const slash = rest.indexOf('/');
    return { kind: 'keychain', service: rest.slice(0, slash), account: rest.slice(slash + 1) };
  }
  const [program, ...args] = words(rest.trim()) ?? [];
  return program === undefined || program === '' ? null : { kind: 'command', program, args };
}

/** True when `text` is a reference. For schemas, with {@link secretReferenceForms} as what was expected. */
export function isSecretReference(text: string): boolean {
  return read(text) !== null;
}

/**
 * Reads `keychain:<service>/<account>`, `env:NAME`, `file:/abs/path`, `command:<program and args>`.
 * @throws JitError `ERR_CONFIG` that never holds `text`: it may be the secret itself.
 */
export function parseSecretReference(text: string): SecretReference {
  const reference = read(text);
  if (reference) return reference;
  throw new JitError('ERR_CONFIG', `expected ${secretReferenceForms}`);
}

/**
 * The keychain's item that a reference names, for what writes there.
 * @throws JitError `ERR_CONFIG` for what is no reference, never repeating it; `ERR_USAGE` for a place that is not jit's to
 * write, with how to provide the secret there
 */
export function keychainItem(text: string): { readonly service: string; readonly account: string } {
  const reference = parseSecretReference(text);
  if (reference.kind === 'keychain') return reference;
  throw new JitError(
    'ERR_USAGE',
    `jit writes secrets to the keychain only, not to a place of kind "${reference.kind}"`,
    {
      hint: elsewhere(reference),
    },
  );
}

function elsewhere(reference: Exclude<SecretReference, { kind: 'keychain' }>): string {
  switch (reference.kind) {
    case 'file':
      return `write it to "${reference.path}" yourself, a file of mode 600`;
    case 'env':
      return `export ${reference.name} where the broker is started from, then: jit broker stop`;
    case 'command':
      return `store it where "${reference.program}" finds it`;
  }
}
