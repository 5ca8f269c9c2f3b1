// What a report holds, as plain values. How it is collected is collect.ts; how it looks is html.ts, markdown.ts, json.ts.
// Fields that end in `At`, and `from`, `to`, `until`, are points in time; those that end in `Ms` are lengths of time.

import type { Instant, Milliseconds } from '../../core/time.ts';
import type { AnomalyEntry, FindingEntry, GrantEntry, LateEntry } from './entries.ts';
import type { Verification } from './verification.ts';

export type { Elsewhere, LogSummary, StoredLog, Verification } from './verification.ts';

/** From this instant on, to before that one. */
export interface Period {
  readonly from: Instant;
  readonly to: Instant;
}

/** Something and how often. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** Percentiles by nearest rank; null where there is nothing to measure. */
export interface Distribution {
  readonly count: number;
  readonly p50Ms: Milliseconds | null;
  readonly p95Ms: Milliseconds | null;
  readonly maxMs: Milliseconds | null;
}

/** What happened at one target. */
export interface TargetCounts {
  readonly target: string;
  readonly requests: number;
  readonly approved: number;
  readonly denied: number;
  readonly people: number;
  readonly issued: number;
  readonly revoked: number;
  readonly late: Distribution;
}

/** Sequence numbers of one log in the period. */
export interface SequenceRange {
  readonly origin: string;
  readonly first: string;
  readonly last: string;
  readonly events: number;
  /** Between the first and the last, but by their time in no part of the period: the clock was set. */
  readonly otherTimes: number;
  /** Numbers between the first and the last that no event has. */
  readonly gaps: number;
}

export interface Population {
  readonly events: number;
  readonly ranges: readonly SequenceRange[];
  readonly types: readonly Count[];
  readonly targets: readonly TargetCounts[];
  readonly people: number;
  readonly requests: number;
  readonly approved: number;
  readonly denied: number;
  readonly undecided: number;
  /** Grants that were there before the period. */
  readonly carriedIn: number;
  /** The first events of grants that no request is on record for. */
  readonly unrequested: readonly string[];
  /** Only of a shared store: names of grants that more than one device has used. No honest broker does. */
  readonly sharedNames?: readonly string[];
  /** Credentials: there before the period + issued = confirmed gone + never issued + there after it. */
  readonly credentials: {
    readonly before: number;
    readonly begun: number;
    readonly gone: number;
    readonly after: number;
    /** Of those after: past their deadline, or the end of their grant. */
    readonly pastDeadline: number;
    /** Issued without a grant that was approved before and was not over. */
    readonly unapproved: readonly string[];
  };
}

export interface PolicyLoad {
  readonly at: Instant;
  readonly event: string;
  readonly digest: string;
  readonly path: string;
  readonly targets: number;
  readonly entitlements: number;
}

/** One policy, over all devices. */
export interface SharedPolicy {
  readonly digest: string;
  /** Devices on which it was in force when the period began, and when it ended. */
  readonly devicesBefore: number;
  readonly devicesAfter: number;
  /** The first load that is known: one before the period only where it was in force when that began. */
  readonly first: PolicyLoad;
}

export interface PolicyHistory {
  /** In force when the period began; null: none had been loaded, or there are several devices. */
  readonly before: PolicyLoad | null;
  /** Only of a shared store: every policy that was in force on any device, in order of its first load. */
  readonly policies?: readonly SharedPolicy[];
  /** Loads in the period that differ from the one before on that device. */
  readonly changes: readonly PolicyLoad[];
  /** Loads in the period, with those that changed nothing. */
  readonly loads: number;
  readonly used: readonly {
    readonly digest: string;
    readonly decisions: number;
    readonly isKnown: boolean;
  }[];
}

/** A bar of the timeline. */
export interface Slot {
  readonly from: Instant;
  readonly total: number;
  /** In the order of {@link Activity.series}. */
  readonly counts: readonly number[];
}

export interface Activity {
  readonly unit: 'day' | 'week' | 'month';
  /** Targets with the most grants; the last is all others, if there are any. */
  readonly series: readonly string[];
  readonly slots: readonly Slot[];
  /** Grants per weekday (Monday first) and hour, UTC. */
  readonly hours: readonly (readonly number[])[];
  readonly people: readonly Count[];
  readonly roles: readonly Count[];
  readonly entitlements: readonly Count[];
}

/** Access as it was given. */
export interface Access {
  readonly lengths: Distribution;
  readonly scoped: number;
  readonly withReason: number;
  readonly withTicket: number;
  readonly extensions: number;
  readonly extensionsDenied: number;
  readonly via: readonly Count[];
  readonly served: number;
  readonly commands: number;
}

export interface Timeliness {
  readonly late: Distribution;
  readonly took: Distribution;
  readonly thresholdMs: Milliseconds;
  readonly bands: readonly { readonly name: string; readonly count: number; readonly isLate: boolean }[];
  /** Above the threshold, the latest first. */
  readonly above: readonly LateEntry[];
  /** Leases that were called overdue in the period. */
  readonly overdue: number;
  /** Past their deadline and not confirmed gone when the period ended. */
  readonly open: readonly LateEntry[];
}

export interface Anomalies {
  readonly rules: readonly {
    readonly rule: string;
    readonly definition: string;
    /** Where its line is when it is replayed. */
    readonly settings: string;
    readonly recorded: number;
    readonly replayed: number;
  }[];
  readonly found: readonly AnomalyEntry[];
}

/** Something about the log or the machine itself. */
export interface Incident {
  readonly at: Instant;
  readonly event: string;
  readonly type: string;
  readonly what: string;
}

export interface Operation {
  /** The log could not be written, was lost, or somebody reached for the broker; messages that nobody got. */
  readonly incidents: readonly Incident[];
  readonly clock: readonly { readonly at: Instant; readonly event: string; readonly byMs: Milliseconds }[];
  readonly unsynced: readonly {
    /** Only of a shared store: whose. */
    readonly device?: string;
    readonly from: Instant;
    readonly until: Instant | null;
    readonly events: number;
  }[];
  readonly unsyncedMs: Milliseconds;
  readonly keys: number;
  readonly starts: number;
  /** Leases that a start of the broker found unfinished. */
  readonly recovered: number;
  readonly versions: readonly string[];
}

/** `unknown`: nothing was found, in a log that is not whole. */
export type Standing = 'holds' | 'exceptions' | 'shown' | 'unknown';

/** A control of a framework and what the log says about it. */
export interface Control {
  readonly framework: string;
  readonly id: string;
  readonly title: string;
  /** What was counted, in words. */
  readonly query: string;
  /** Prints `counted` again. */
  readonly command: string;
  readonly counted: number;
  readonly result: string;
  readonly standing: Standing;
  readonly exceptions: number;
  /** Sections of the report. */
  readonly evidence: readonly string[];
  readonly limits: string;
}

export interface Sample {
  readonly size: number;
  readonly seed: string;
  readonly grants: readonly string[];
}

/** What the report on a shared store was told about it. */
export interface OfStore {
  /** Events before this instant may be past their retention; null: none may. */
  readonly keptSinceAt: Instant | null;
}

/**
 * The whole report. The same log, or state of a shared store, period, sample and version give the same, bit for bit,
 * wherever it lies and whoever asks.
 */
export interface Report {
  readonly report: 'jit audit report';
  readonly schema: 1;
  readonly generator: { readonly name: 'jit'; readonly version: string };
  /** Only of a shared store: the logs of many devices, and every event is named with its log. */
  readonly store?: OfStore;
  readonly period: Period;
  readonly verification: Verification;
  readonly population: Population;
  readonly policy: PolicyHistory;
  readonly access: Access;
  readonly activity: Activity;
  readonly timeliness: Timeliness;
  readonly findings: readonly FindingEntry[];
  readonly anomalies: Anomalies;
  readonly operation: Operation;
  readonly controls: readonly Control[];
  readonly sample: Sample;
  /** In order of request. */
  readonly grants: readonly GrantEntry[];
}
