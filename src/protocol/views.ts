// Grants, leases and findings as people and scripts see them, whatever route tells of them.

import type { AnomalyMode, AnomalySeverity } from '../core/anomaly.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { FindingKind } from '../core/finding.ts';
import type { EndCause, GrantState } from '../core/grant.ts';
import type { LeaseState } from '../core/lease.ts';
import type { Risk } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import type { ErrorReply } from './routes.ts';

/** A grant as people see it. */
export interface GrantView {
  readonly id: string;
  readonly state: GrantState;
  readonly principal: string;
  readonly target: string;
  readonly risk: Risk;
  readonly role: string;
  readonly scope: string | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly entitlement: string | null;
  readonly parent: string | null;
  readonly keep: boolean;
  readonly requestedAt: Instant;
  readonly startedAt: Instant | null;
  readonly deadline: Instant | null;
  readonly endedAt: Instant | null;
  readonly endCause: EndCause | null;
  readonly leases: readonly LeaseView[];
}

/** A lease as people see it. */
export interface LeaseView {
  readonly id: string;
  readonly state: LeaseState;
  /** Kind of provider, e.g. `aws`. */
  readonly provider: string;
  /** What exists on the target, e.g. the role `jit_l4k…`. */
  readonly name: string;
  readonly deadline: Instant;
  /** When the target's own clock ends the credential, even if the broker never comes back. */
  readonly hardDeadline: Instant;
  /** Revoking cannot take it back before this, when it ends by itself; null: it can be taken back, or is gone. */
  readonly irrevocableUntil: Instant | null;
  readonly accessEndedAt: Instant | null;
  readonly revokedAt: Instant | null;
  readonly attempts: number;
  readonly lastError: ErrorCode | null;
  /** Why what an endpoint serves cannot be made anew just now; it is served until `hardDeadline` all the same. */
  readonly notRefreshed: ErrorReply['error'] | null;
  readonly findings: number;
}

/** A finding as people see it. */
export interface FindingView {
  readonly kind: FindingKind;
  readonly target: string;
  readonly lease: string | null;
  readonly where: string;
  readonly detail: string;
  readonly action: string;
  readonly foundAt: Instant;
}

/** Something that an anomaly rule found, as people see it. */
export interface AnomalyView {
  readonly rule: string;
  readonly severity: AnomalySeverity;
  readonly why: string;
  readonly action: Exclude<AnomalyMode, 'off'>;
  readonly principal: string | null;
  readonly target: string | null;
  readonly grant: string | null;
  readonly foundAt: Instant;
}
