// The tokens of open leases, in memory: what the helper is given and what revocation shows. The sealed ones are in the
// handles; nothing here outlives the broker.

import { createHash } from 'node:crypto';
import { JitError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Instant } from '../../core/time.ts';

/** A token that GitHub gave. */
export interface Token {
  readonly secret: Secret;
  readonly sha256: string;
  /** By GitHub's clock. */
  readonly endsAt: Instant;
}

export interface Tokens {
  put(lease: string, token: Token): void;
  latest(lease: string): Token | null;
  /** By its hash, also one that was replaced. */
  find(lease: string, sha256: string): Token | null;
  /** What is served: nothing once the lease is being taken back. @throws JitError `ERR_GRANT_ENDED` */
  serve(lease: string): Token;
  /** No token of the lease is served from now on. */
  close(lease: string): void;
  drop(lease: string): void;
}

/** Base64 of the SHA-256, as GitHub's audit log has it (docs.github.com "Identifying audit log events performed by an access token"). */
export function hashOf(token: Secret): string {
  return createHash('sha256').update(token.reveal()).digest('base64');
}

export function createTokens(): Tokens {
  const open = new Map<string, Token[]>();
  const closed = new Set<string>();
  const latest = (lease: string): Token | null => open.get(lease)?.at(-1) ?? null;
  return {
    put: (lease, token) => void open.set(lease, [...(open.get(lease) ?? []), token]),
    latest,
    find: (lease, sha256) => open.get(lease)?.find((token) => token.sha256 === sha256) ?? null,
    serve(lease) {
      const token = closed.has(lease) ? null : latest(lease);
      if (!token) throw new JitError('ERR_GRANT_ENDED', 'the grant has ended');
      return token;
    },
    close(lease) {
      if (open.has(lease)) closed.add(lease);
    },
    drop(lease) {
      open.delete(lease);
      closed.delete(lease);
    },
  };
}
