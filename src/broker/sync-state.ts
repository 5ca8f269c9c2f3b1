// The sync as the rest of the broker knows it. Doing it is sync.ts.

import type { JitError } from '../core/errors.ts';
import type { StoreSettings } from '../core/store-settings.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Unsynced } from './sync-limit.ts';
import type { KnownLoss } from './sync-loss.ts';

/** A log that has ended and that the store does not take. */
export interface RefusedLog {
  readonly origin: string;
  /** Events that it does not have. */
  readonly events: number;
  readonly failure: JitError;
}

/** A log of which the store had fewer events than it had acknowledged. */
export interface LostLog extends KnownLoss {
  /** Events that it has by now; null: it has not said so to this process. */
  readonly has: number | null;
}

/** Where the sync stands. */
export interface SyncState extends Unsynced {
  /** null: the configuration names no store, or no login for this broker. */
  readonly settings: StoreSettings | null;
  readonly origin: string;
  readonly size: number;
  readonly acknowledged: number;
  /** The store has said so to this broker; false: it is what was noted before. */
  readonly isHeard: boolean;
  /** Logs before this one that the store takes no more of. */
  readonly refused: readonly RefusedLog[];
  /** Of the last days, each log once. */
  readonly lost: readonly LostLog[];
  /** Why the last push failed; null when it did not. */
  readonly failure: JitError | null;
  readonly isRunning: boolean;
}

/** The sync of one broker. */
export interface Sync {
  state(): SyncState;
  /** Pushes until the store has everything that is committed now. @throws JitError why it does not */
  now(): Promise<void>;
  /**
   * Answers true when it had to wait.
   * @throws JitError `ERR_AUDIT_UNAVAILABLE` when the log is too far ahead and the store does not take it now
   */
  withinLimits(): Promise<boolean>;
  /** Settles when the store has what is committed now. @throws JitError `ERR_AUDIT_UNAVAILABLE` when it has not in time */
  anchor(): Promise<void>;
  /** There is something to send and nothing says that it cannot be sent. */
  readonly isBusy: boolean;
  /** Something was committed. */
  touch(): void;
  /** A last push, which may take as long as the configuration says, or `patience`; then nothing more is sent. Never throws. */
  close(patience?: Milliseconds): Promise<void>;
  /** Events that the store had not acknowledged at the close; 0 before, and without a store. */
  readonly left: number;
}
