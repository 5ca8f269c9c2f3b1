// What a report lists, one by one: grants and their credentials, what was late, found or unusual.

import type { Instant, Milliseconds } from '../../core/time.ts';
import type { EventData } from '../event.ts';

/** One credential under a grant. */
export interface LeaseEntry {
  readonly id: string;
  readonly provider: string | null;
  readonly name: string | null;
  readonly issuedAt: Instant | null;
  readonly expiresAt: Instant | null;
  /** Confirmed gone. */
  readonly revokedAt: Instant | null;
  readonly cause: string | null;
  readonly attempts: number;
  /** How long after the deadline it was confirmed gone. */
  readonly lateMs: Milliseconds | null;
  /** How long it took from the first attempt until it was confirmed gone. */
  readonly tookMs: Milliseconds | null;
  readonly overdueAt: Instant | null;
  /** Names of events, as `jit audit prove` takes them. */
  readonly issuedEvent: string | null;
  readonly revokedEvent: string | null;
}

export type Outcome = 'approved' | 'denied' | 'undecided';

/** One request and what became of it. */
export interface GrantEntry {
  readonly id: string;
  readonly principal: string;
  readonly target: string;
  readonly role: string;
  readonly scope: string | null;
  /** Requested before the period and not over when it began. */
  readonly isCarried: boolean;
  readonly askedMs: Milliseconds | null;
  readonly approvedMs: Milliseconds | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly via: string;
  readonly parent: string | null;
  readonly outcome: Outcome;
  readonly entitlement: string | null;
  readonly policy: string | null;
  readonly why: string | null;
  readonly code: string | null;
  readonly extensions: number;
  readonly requestedAt: Instant;
  readonly decidedAt: Instant | null;
  readonly deadlineAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly cause: string | null;
  readonly usedMs: Milliseconds | null;
  /** Times a credential was served by the broker, and commands that began under it. */
  readonly served: number;
  readonly commands: number;
  readonly leases: readonly LeaseEntry[];
  readonly requestedEvent: string;
  readonly decidedEvent: string | null;
  readonly endedEvent: string | null;
}

/** A revocation that took long, or is not over. */
export interface LateEntry {
  readonly grant: string;
  readonly lease: string;
  readonly principal: string;
  readonly target: string;
  readonly role: string;
  readonly deadlineAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** After the deadline; of one that is not gone: since it should have been, at the end of the period. */
  readonly lateMs: Milliseconds;
  /** Since the first attempt to revoke it; null: there was none. */
  readonly tookMs: Milliseconds | null;
  readonly attempts: number;
  readonly cause: string | null;
}

export interface FindingEntry {
  readonly at: Instant;
  readonly event: string;
  readonly kind: string;
  readonly target: string | null;
  readonly grant: string | null;
  readonly where: string;
  readonly detail: string;
  readonly action: string;
}

export interface AnomalyEntry {
  readonly at: Instant;
  /** The event of the log; null: found by the report, see `isReplayed`. */
  readonly event: string | null;
  readonly isReplayed: boolean;
  readonly rule: string;
  readonly severity: EventData['anomaly.found']['severity'];
  readonly why: string;
  readonly principal: string | null;
  readonly target: string | null;
  readonly grant: string | null;
  readonly evidence: readonly string[];
}
