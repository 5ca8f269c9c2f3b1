// What commands and broker tell each other about the broker's own log and its key, as types.

import type { StoreLoss } from '../core/store-loss.ts';
import type { Instant } from '../core/time.ts';
import type { ErrorReply } from './routes.ts';

/** Where the log stands: part of `GET /v1/status`. */
export interface LogView {
  /** Of the log that is written now. */
  readonly origin: string;
  readonly events: number;
  /** Every commit is signed. */
  readonly signed: boolean;
  /** Why not; null: it is, or the key is still being fetched. */
  readonly trouble: ErrorReply['error'] | null;
  /** The key that the log names; null: none yet. */
  readonly key: {
    /** Public. */
    readonly vkey: string;
    /** Where its private half is; null: not to be had. */
    readonly place: 'keychain' | 'file' | null;
    readonly since: Instant | null;
  } | null;
  /** A head known from elsewhere that the log does not lead to: it was set back, and nothing is issued. */
  readonly known: { readonly origin: string; readonly events: number; readonly from: HeadSource } | null;
  /** Logs before this one that the shared store takes no more of, and how many events of each it lacks. */
  readonly refused: readonly { readonly origin: string; readonly events: number }[];
  /** Logs of which the shared store had fewer events than it had acknowledged, in the last days. */
  readonly lost: readonly (StoreLoss & {
    readonly foundAt: Instant;
    /** Events that it has by now; null: it has not said so since. */
    readonly has: number | null;
  })[];
  /** How this log began, when it goes on from another one; null: it is the first. */
  readonly fork: { readonly at: Instant; readonly reason: string; readonly previous: string } | null;
}

/** Where a head was known from that the log does not lead to. */
export type HeadSource = 'file' | 'keychain' | 'store';

/** `POST /v1/rotate` : another key signs from now on. */
export interface RotateReply {
  readonly origin: string;
  readonly vkey: string;
  readonly previous: string | null;
  readonly place: 'keychain' | 'file';
}

/** `POST /v1/fork` : a new log goes on from one that was set back, or whose key is lost. */
export interface ForkRequest {
  readonly reason: string;
}

/** The new log, and what is known of the one before. */
export interface ForkReply {
  readonly origin: string;
  readonly vkey: string;
  readonly place: 'keychain' | 'file';
  readonly previous: { readonly origin: string; readonly events: number };
  /** The head that was known; null: the log was whole as far as anybody knows. */
  readonly known: { readonly origin: string; readonly events: number; readonly from: HeadSource } | null;
}
