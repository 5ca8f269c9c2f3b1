// A grant: the time-boxed right that a request turned into. Pure values and the moves between states.

import { JitError } from './errors.ts';
import type { Instant, Milliseconds } from './time.ts';

/** Where a grant is in its life. `denied`, `withdrawn`, `lapsed` and `ended` are final. */
export type GrantState = 'pending' | 'denied' | 'withdrawn' | 'lapsed' | 'active' | 'ended';

/** Why an active or pending grant came to its end, or a lease is being revoked. */
export type EndCause =
  | 'expired'
  | 'revoked'
  | 'session-ended'
  | 'session-lost'
  | 'issue-failed'
  | 'recovery'
  | 'broker-stopped'
  | 'parent-ended'
  | 'audit-failed'
  | 'clock-step'
  /** Somebody took the credential away at the target itself. */
  | 'credential-lost'
  /** A rule of mode `revoke` found the grant odd. */
  | 'anomaly';

/** A process that a grant was handed to: the pid alone could be reused, pid and start time cannot. */
export interface Session {
  readonly pid: number;
  /** Start time of the process as the kernel states it, opaque, compared for equality only. */
  readonly startTime: string;
}

/** What a principal asked for. Immutable once made. */
export interface GrantRequest {
  readonly principal: string;
  readonly target: string;
  readonly role: string;
  readonly scope: string | null;
  /** How long was asked for; null: what the policy gives by default. */
  readonly duration: Milliseconds | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** The grant inside which this one was asked for; this one never outlives it. */
  readonly parent: string | null;
  /** How it was asked: by somebody at a terminal, by a script, by a pipeline. */
  readonly via: 'terminal' | 'script' | 'ci';
  readonly requestedAt: Instant;
}

/** The broker's record of a request and what became of it. */
export interface Grant extends GrantRequest {
  readonly id: string;
  /** SHA-256, hex, of the canonical bytes of the request with the names of this grant and log (new-grant.ts). */
  readonly digest: string;
  readonly state: GrantState;
  /** Name of the entitlement that decided; null when none matched. */
  readonly entitlement: string | null;
  /** SHA-256, hex, of the policy in force at the decision. */
  readonly policyDigest: string;
  readonly startedAt: Instant | null;
  readonly deadline: Instant | null;
  readonly endedAt: Instant | null;
  readonly endCause: EndCause | null;
  /** What becomes of it when the broker is started anew, by the entitlement that gave it. */
  readonly onRestart: 'revoke' | 'resume';
  /** Goes on after its session has ended, until its deadline. */
  readonly keep: boolean;
  readonly session: Session | null;
  /** What is stored as the session, when that cannot be read: `session` is null then. */
  readonly damaged?: string;
}

const moves: Record<GrantState, readonly GrantState[]> = {
  pending: ['denied', 'withdrawn', 'lapsed', 'active', 'ended'],
  active: ['ended'],
  denied: [],
  withdrawn: [],
  lapsed: [],
  ended: [],
};

/**
 * The same grant in another state.
 * @throws JitError `ERR_CONFLICT` when no such move exists.
 */
export function moveGrant(grant: Grant, state: GrantState, changes: Partial<Grant> = {}): Grant {
  if (!moves[grant.state].includes(state)) {
    throw new JitError('ERR_CONFLICT', `grant "${grant.id}" is ${grant.state} and cannot become ${state}`);
  }
  return { ...grant, ...changes, state };
}
