// How a principal is written: `user:alice`, `job:github/acme/shop#42`, `agent:reviewer`. Values only; who
// somebody is, is found out elsewhere.

import { JitError } from './errors.ts';

/** What kind of principal it is: a person, a CI job, or a program that acts for somebody. */
export type PrincipalKind = 'user' | 'job' | 'agent';

/** A principal, taken apart. */
export interface Principal {
  readonly kind: PrincipalKind;
  readonly name: string;
}

// User names of operating systems may hold a backslash (domain\user) and end in `$`; jobs are paths.
const grammar: Record<PrincipalKind, RegExp> = {
  user: /^[A-Za-z0-9_][A-Za-z0-9._@+\\-]{0,126}\$?$/,
  job: /^[A-Za-z0-9_][A-Za-z0-9._@+/:#=-]{0,255}$/,
  agent: /^[A-Za-z0-9_][A-Za-z0-9._@+/:#=-]{0,255}$/,
};

function isKind(text: string): text is PrincipalKind {
  return Object.hasOwn(grammar, text);
}

/**
 * Takes the text of a principal apart.
 * @throws JitError `ERR_USAGE` when it is not `user:<name>`, `job:<name>` or `agent:<name>`.
 */
export function parsePrincipal(text: string): Principal {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(colon, 0));
  const name = text.slice(colon + 1);
  if (isKind(kind) && grammar[kind].test(name)) return { kind, name };
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  throw new JitError('ERR_USAGE', `${shown} is not a principal`, {
    hint: 'write user:<name>, job:<name> or agent:<name>',
  });
}

/** True when {@link parsePrincipal} would take `text`. */
export function isPrincipal(text: string): boolean {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(colon, 0));
  return isKind(kind) && grammar[kind].test(text.slice(colon + 1));
}

/** The text of a principal, the inverse of {@link parsePrincipal}. */
export function formatPrincipal(principal: Principal): string {
  return `${principal.kind}:${principal.name}`;
}
