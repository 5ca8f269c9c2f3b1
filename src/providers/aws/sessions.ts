// The sessions of open leases, in memory only: what the endpoint serves and what a probe is made with. Nothing here
// outlives the broker.

import { JitError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Instant } from '../../core/time.ts';

/** Keys that AWS gave. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
}

/** Keys with an end. */
export interface Session extends Keys {
  readonly sessionToken: Secret;
  /** By AWS's clock. */
  readonly expiresAt: Instant;
}

/** A session of a lease. */
export interface LeaseSession extends Session {
  /** From then on its own policy denies everything. */
  readonly deadline: Instant;
}

export interface Sessions {
  put(lease: string, session: LeaseSession): void;
  latest(lease: string): LeaseSession | null;
  /** What is served: nothing once the lease is being taken back or is past its deadline. @throws JitError `ERR_GRANT_ENDED` */
  serve(lease: string): LeaseSession;
  /** No session of the lease is served from now on. */
  close(lease: string): void;
  drop(lease: string): void;
}

export function createSessions(): Sessions {
  const open = new Map<string, LeaseSession>();
  const closed = new Set<string>();
  return {
    put: (lease, session) => void open.set(lease, session),
    latest: (lease) => open.get(lease) ?? null,
    serve(lease) {
      const session = closed.has(lease) ? undefined : open.get(lease);
      if (!session) throw new JitError('ERR_GRANT_ENDED', 'the grant has ended');
      return session;
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

/** Plain keys as the SDK wants them. The only place, besides the hand-out, that reveals them. */
export function revealed(keys: Keys): {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
} {
  return {
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey.reveal(),
    ...(keys.sessionToken ? { sessionToken: keys.sessionToken.reveal() } : {}),
  };
}
