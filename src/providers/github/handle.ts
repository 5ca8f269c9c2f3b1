// The handle of a lease on GitHub: the full recipe to revoke and confirm it, without any look into the configuration.
// GitHub takes a token back only from whoever shows it, so the handle holds tokens, sealed, until they are dead.

import { JitError } from '../../core/errors.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import type { Permissions } from './permissions.ts';

/** Where GitHub is and as which App the broker speaks. Holds a reference to the key, never the key. */
export type Access = {
  readonly target: string;
  /** Without a slash at its end. */
  readonly api_url: string;
  /** Where git is served, without a slash at its end. */
  readonly git_url: string;
  readonly app_id: string;
  readonly private_key: string;
  readonly owner: string;
  readonly installation_id: number | null;
  /** How the App speaks for people; null: it speaks for itself. */
  readonly user: Acting | null;
};

/** The App as a client of OAuth. Holds a reference to the secret, never the secret. */
export type Acting = { readonly client_id: string; readonly client_secret: string };

/** One token. */
export type Held = {
  /** Sealed for the lease; null once it is dead. */
  readonly sealed: string | null;
  /** Base64 of its SHA-256: how GitHub's own audit log names it (`hashed_token`). */
  readonly sha256: string;
  /** By GitHub's clock. */
  readonly ends_at: Instant;
};

/** What revocation needs. A type and not an interface, so that it is JSON to the compiler. */
export type GithubHandle = {
  readonly access: Access;
  readonly lease: string;
  readonly permissions: Permissions;
  /** Null until issued. */
  readonly installation: number | null;
  readonly repositories: number | null;
  /** Whose token it is, when it is a person's, as GitHub names them. */
  readonly account: string | null;
  readonly tokens: readonly Held[];
  /**
   * Until then a token may live that nobody was ever told: GitHub was asked for one, or is about to be, and no answer
   * is on disk. Null when every token is known.
   */
  readonly undisclosed_until: Instant | null;
};

/** How long GitHub lets an installation token live; it cannot be told otherwise. */
export const tokenLife: Milliseconds = 3_600_000;

/** A user access token lasts eight hours (docs.github.com "Refreshing user access tokens"). */
export const userTokenLife: Milliseconds = 8 * 3_600_000;

/** How long GitHub lets tokens of this kind live. */
export function lifeOf({ user }: Access): Milliseconds {
  return user ? userTokenLife : tokenLife;
}

/** GitHub's clock and this one may differ; a token counts as expired only this long after its end. */
const expiryGrace: Milliseconds = 60_000;

/** The latest end of a token that is asked for until `sent`. */
export function undisclosedEnd(access: Access, sent: Instant): Instant {
  return sent + lifeOf(access) + 2 * expiryGrace;
}

const shape = {
  access: 'object',
  lease: 'string',
  permissions: 'object',
  tokens: 'object',
} as const satisfies Partial<Record<keyof GithubHandle, string>>;

/** Checks a handle that was read back. @throws JitError `ERR_INTERNAL` when it is none. */
export function checkHandle(handle: GithubHandle): GithubHandle {
  for (const [key, type] of Object.entries(shape)) {
    if (typeof handle?.[key as keyof GithubHandle] !== type) {
      throw new JitError('ERR_INTERNAL', `the recorded handle of a GitHub lease has no usable "${key}"`);
    }
  }
  return handle;
}

/** Tokens that nobody has seen dead yet. */
export function heldTokens(handle: GithubHandle): Held[] {
  return handle.tokens.filter(({ sealed }) => sealed !== null);
}

/** True when GitHub should have ended the token by its age; this machine's clock may be wrong, so GitHub is asked first. */
export function isPastItsAge({ ends_at }: Held, now: Instant): boolean {
  return now >= ends_at + expiryGrace;
}

/** True while a token may live that nobody holds. */
export function isUndisclosed({ undisclosed_until }: GithubHandle, now: Instant): boolean {
  return undisclosed_until !== null && now < undisclosed_until;
}

/** The same handle without any secret: for a lease whose tokens are dead. */
export function withoutTokens(handle: GithubHandle): GithubHandle {
  return { ...handle, tokens: handle.tokens.map((token) => ({ ...token, sealed: null })) };
}
