// What a valid configuration is, as values. Reading and checking it is load.ts; deciding by it is decide.ts.

import type { AlertChannel } from '../core/alert.ts';
import type { AnomalySettings } from '../core/anomaly.ts';
import type { Issuer } from '../core/issuer.ts';
import type { ShellTerms } from '../core/shell-terms.ts';
import type { StoreSettings } from '../core/store-settings.ts';
import type { TargetConfig } from '../core/target.ts';
import type { Instant, Milliseconds } from '../core/time.ts';

/** What a reason has to look like. */
export interface ReasonRule {
  readonly required: boolean;
  readonly pattern: string | null;
  readonly ticket: string | null;
  /** What is offered to whoever is asked for a reason. */
  readonly presets: readonly string[];
}

/** Who has to agree. Collected by a later part; until then such a request cannot be granted. */
export interface ApprovalRule {
  readonly count: number;
  readonly from: readonly string[];
}

/** A rule of the policy. */
export interface Entitlement {
  readonly name: string;
  readonly who: readonly string[];
  /** `target:role`; `*` stands for any run of characters within the target or the role. */
  readonly roles: readonly string[];
  /** Scopes that may be asked for; null: any, and none. When set, a scope must be named. */
  readonly scopes: readonly string[] | null;
  readonly maxDuration: Milliseconds;
  readonly defaultDuration: Milliseconds;
  readonly reason: ReasonRule;
  readonly approvals: ApprovalRule | null;
  /** A Cedar expression over the request context. */
  readonly when: string | null;
  /** IANA zone in which `context.hour` and `context.weekday` are told. */
  readonly timezone: string;
  readonly onRestart: 'revoke' | 'resume';
  /** `before-issue`: the shared store has to acknowledge the intent before anything is issued. */
  readonly anchor: 'none' | 'before-issue';
  /** The log tells the words of commands that are run under a grant by it, less secrets. */
  readonly recordArgv: boolean;
}

/** A checked configuration. */
export interface Config {
  readonly path: string;
  readonly targets: ReadonlyMap<string, TargetConfig>;
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Who vouches for CI jobs, by name. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly entitlements: readonly Entitlement[];
  /** How shells are told of the end, and what it does to them. */
  readonly shell: ShellTerms;
  /** Which patterns of the log are worth a look, and what becomes of them. */
  readonly anomalies: AnomalySettings;
  /** How people are told of what cannot wait. */
  readonly alerts: readonly AlertChannel[];
  /** Where the log is synced to; null: nowhere. */
  readonly store: StoreSettings | null;
  /** Extra Cedar policies, `forbid` always wins: file name and text. */
  readonly cedarFiles: readonly { readonly path: string; readonly text: string }[];
  /** SHA-256, hex, of the configuration's bytes and those of the Cedar files. */
  readonly digest: string;
}

/** What the policy is asked. */
export interface PolicyRequest {
  readonly principal: string;
  readonly target: string;
  readonly role: string;
  readonly scope: string | null;
  /** null: the entitlement's default. */
  readonly duration: Milliseconds | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly interactive: boolean;
  readonly ci: boolean;
  readonly now: Instant;
}

/** Which limit set the longest possible duration. */
export interface DurationLimit {
  readonly value: Milliseconds;
  readonly from: 'entitlement' | 'target';
}

/** What the policy answers. Reasons are sentences for people; the first is the one that decided. */
export type Decision = {
  readonly reasons: readonly string[];
  /** Entitlement that matched first; null when none did. */
  readonly entitlement: string | null;
  readonly limit: DurationLimit | null;
  /** The ticket that was given, or found in the reason by the entitlement's pattern. */
  readonly ticket: string | null;
  /** What the principal could ask for instead, as a command. */
  readonly hint: string | null;
} & (
  | {
      readonly outcome: 'allowed';
      readonly duration: Milliseconds;
      readonly onRestart: 'revoke' | 'resume';
      readonly anchor: 'none' | 'before-issue';
    }
  | { readonly outcome: 'needs-approval'; readonly duration: Milliseconds; readonly approvals: ApprovalRule }
  | { readonly outcome: 'denied' }
);

/** The policy as the broker uses it. */
export interface Policy {
  readonly digest: string;
  decide(request: PolicyRequest): Decision;
}
