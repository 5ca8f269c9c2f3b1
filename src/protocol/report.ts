// What `jit audit report` asks for and is told, as types. Works without a broker, as offline.ts does.

import type { Instant } from '../core/time.ts';

/** `jit audit report` */
export interface ReportRequest {
  /** From here on, this instant included; null: from the first event on. */
  readonly from: Instant | null;
  /** Before this instant; null: to the last event. */
  readonly to: Instant | null;
  readonly format: 'html' | 'md' | 'json';
  /** A log file; null: this user's own. */
  readonly file: string | null;
  /** Where to write it; null: it is handed on. */
  readonly output: string | null;
  /** How many requests to draw, and by which seed; null: by the hash of the last event. */
  readonly sample: number;
  readonly seed: string | null;
  /** Keys that are trusted. */
  readonly keys: readonly string[];
  /** Files with signed heads that the log has to lead to. */
  readonly heads: readonly string[];
}

/** Whoever waits for a report. */
export interface ReportWatch {
  /** Told how far the work named `what` is. */
  progress(what: 'Reading' | 'Writing', done: number, total: number): void;
  /** A part of the text; work goes on when it was taken. */
  take(text: string): Promise<void>;
}

/** What was reported. */
export interface ReportReply {
  readonly output: string | null;
  readonly format: 'html' | 'md' | 'json';
  readonly from: Instant;
  readonly to: Instant;
  readonly events: number;
  readonly requests: number;
  /** Entries of the register. */
  readonly grants: number;
  /** SHA-256, hex, of the report as JSON. */
  readonly digest: string;
  /** False: only the events before the problem are in it. */
  readonly valid: boolean;
  readonly problem: { readonly seq: number; readonly what: string } | null;
  /** Only of a shared store. */
  readonly logs?: { readonly all: number; readonly invalid: number; readonly missing: number };
}
