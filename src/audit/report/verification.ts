// What verification found before the events were read: of a file, or of the logs of a shared store.

import type { Instant } from '../../core/time.ts';
import type { HeadStanding } from '../trust.ts';

/** One log of the source, as verification found it. */
export interface LogSummary {
  readonly origin: string;
  readonly events: number;
  /** Of the Merkle tree, hex; null: nobody can say. */
  readonly root: string | null;
  /** Events that the newest checkpoint covers. */
  readonly signed: number;
  readonly keys: readonly string[];
  /** Why it goes on from the log before; null for the first. */
  readonly fork: string | null;
  /** The newest signed head, as it is stored; null: there is none. */
  readonly checkpoint: string | null;
  /** Only of a log in a shared store. */
  readonly stored?: StoredLog;
}

/** What a shared store and its verification say of one log of many. */
export interface StoredLog {
  readonly valid: boolean;
  readonly problem: { readonly seq: number; readonly what: string } | null;
  /** The first event that is still there: those before it are past their retention. */
  readonly firstSeq: number;
  /** When it was; null: none is there. */
  readonly firstAt: Instant | null;
  /** Verified events, all of which the report has looked at. */
  readonly seen: number;
  /** Leaf hash of the last of them, hex. */
  readonly head: string;
  readonly registeredBy: string;
  /** When the store heard of the log last, by its own clock. */
  readonly lastSeenAt: Instant;
}

/** What was known of the logs from elsewhere, and what came of it. */
export interface Elsewhere {
  /** Keys that were given, in this order. */
  readonly keys: readonly string[];
  /** Heads that were given, in this order. */
  readonly heads: readonly HeadStanding[];
  /** Names of logs that a key or a head was given of, and that a shared store does not have. */
  readonly missing: readonly string[];
}

/** What verification said before the events were read. */
export interface Verification {
  readonly valid: boolean;
  /** Verified events, all of which the report has looked at. */
  readonly events: number;
  /** Leaf hash of the last of them, hex; of many logs `headOf` them all. */
  readonly head: string;
  readonly problem: { readonly seq: number; readonly what: string } | null;
  /** Times of the first and the last of them; null: there is none. */
  readonly firstAt: Instant | null;
  readonly lastAt: Instant | null;
  /** How often the clock went back from one event to the next. */
  readonly clockSteps: number;
  readonly logs: readonly LogSummary[];
  /** Only where a key or a head was given. */
  readonly elsewhere?: Elsewhere;
}
