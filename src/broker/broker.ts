// What every verb of the broker works with, in one record. Built in start.ts, the composition root.

import type { EventEmitter } from 'node:events';
import type { ErrorCode } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/log-file.ts';
import type { Paths } from '../system/paths.ts';
import type { Random } from '../system/random.ts';
import type { DeviceKey } from './device-key.ts';
import type { GrantEndpoints } from './endpoint.ts';
import type { Ledger } from './ledger.ts';
import type { PolicyHolder } from './policy-holder.ts';
import type { Providers } from './providers.ts';
import type { Desk } from './questions.ts';
import type { Refreshing } from './refresh.ts';
import type { Sync } from './sync-state.ts';

/** How long the broker waits for things; tests shorten them. */
export interface Timing {
  /** Longest that one call to a target may take. */
  readonly call: Milliseconds;
  /** Longest that a target may take to be ready for issuing: people need time to type a code. */
  readonly prepare: Milliseconds;
  /** Past its deadline by more than this and not confirmed gone, a lease is overdue. */
  readonly grace: Milliseconds;
  /** Longest pause between two looks at the clock. */
  readonly tick: Milliseconds;
  /** With nothing open and nobody asking for this long, the broker ends. */
  readonly idle: Milliseconds;
  /** Pause between two reconciliations of a target. */
  readonly reconcile: Milliseconds;
  /** How long `stop` waits for targets that do not answer. */
  readonly stop: Milliseconds;
  /** How long the endpoint of a grant that has ended goes on to say so. */
  readonly linger: Milliseconds;
}

/** Timing of a real broker. */
export const usualTiming: Timing = {
  call: 30_000,
  prepare: 120_000,
  grace: 2_000,
  tick: 1_000,
  idle: 10 * 60_000,
  reconcile: 10 * 60_000,
  stop: 10_000,
  linger: 10 * 60_000,
};

/** Everything a verb may use. */
export interface Broker {
  readonly version: string;
  readonly paths: Paths;
  /** The CI job that it was started for, as `jobOf` in system/ci.ts; null: it is nobody's. */
  readonly job: string | null;
  /** The OS user that this broker serves, as a principal. */
  readonly owner: string;
  readonly startedAt: number;
  readonly hardening: Readonly<Record<string, string>>;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Is told every secret that the broker makes up, so that the log never shows one. */
  readonly onSecret: (secret: Secret) => void;
  /** Cuts out of a text what is known to be a secret, or looks like one. */
  readonly redact: (text: string) => string;
  readonly ledger: Ledger;
  readonly policy: PolicyHolder;
  /** Signs the log. */
  readonly deviceKey: DeviceKey;
  /** Carries the log to the shared store. */
  readonly sync: Sync;
  readonly providers: Providers;
  /** Where providers ask people. */
  readonly questions: Desk;
  /** Emits `change` with a grant's id whenever something about it changed. */
  readonly changes: EventEmitter<{ change: [grant: string] }>;
  /** One revocation per lease at a time: lease id -> the attempt under way. */
  readonly revocations: Map<string, Promise<void>>;
  /** Calls to providers that may be making something: lease id -> settles, never rejects, when the outcome is known. */
  readonly issuing: Map<string, Promise<void>>;
  /** Steps of a revocation that the log has already: lease id -> names. */
  readonly steps: Map<string, Set<string>>;
  /** What serves credentials from memory: grant id -> its endpoints, for a while after its end as well. */
  readonly endpoints: Map<string, GrantEndpoints>;
  /** What keeps served credentials fresh: lease id -> its schedule. */
  readonly refreshing: Map<string, Refreshing>;
  /** Credentials that revoking cannot take back: lease id -> when each ends by itself. */
  readonly irrevocable: Map<string, Instant>;
  /**
   * How people are told of what cannot wait: name of the channel -> why the last alert did not get through; null: it did, or
   * there was none. `dropped`: that many were, with a channel that is gone.
   */
  readonly alerting: Map<string, { readonly code: ErrorCode | null; readonly dropped: number }>;
  /** What stands for the files of a grant after its end: grant id -> names and contents. */
  readonly tombstones: Map<string, readonly { readonly name: string; readonly content: string }[]>;
  /** Set by `stop`: no new grants. */
  stopping: boolean;
  /** Asks the process to end; resolved by start.ts. */
  readonly end: (cause: string) => void;
}

/** Who is asking. Decided at the door, never by a handler. */
export interface Caller {
  readonly principal: string;
  /** How the caller was recognised, for the log: `uid 1000 pid 4711` or `socket owner`. */
  readonly peer: string;
  /** The process that called, where the system tells it; it may have ended since. */
  readonly pid: number | null;
  /** Aborted when the caller has gone away. */
  readonly signal: AbortSignal;
}
