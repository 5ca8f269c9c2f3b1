// What crosses the socket about the use of a grant: what ran under it, and what the log says meanwhile.

import type { Milliseconds } from '../core/time.ts';

/** `POST /v1/usage` : the session of a grant tells of the process that runs under it. */
export interface UsageRequest {
  readonly grant: string;
  readonly kind: 'shell' | 'command';
  readonly pid: number;
  /** Its words, where {@link RecordTerms.argv} wants them; the broker cuts out what looks like a secret. */
  readonly argv: readonly string[] | null;
  /** null: it has begun. */
  readonly ended: { readonly exitCode: number; readonly ran: Milliseconds } | null;
}

/** What the entitlement of a grant wants recorded of its use. */
export interface RecordTerms {
  readonly argv: boolean;
}

/** `POST /v1/follow` : events after a cursor, oldest first; without any, answers when there is one, or after `timeout`. */
export interface FollowRequest {
  /** `next` of the answer before; null: the newest `limit` there are, at once. */
  readonly after: number | null;
  readonly limit: number;
  readonly target: string | null;
  readonly grant: string | null;
  readonly timeout: Milliseconds;
}

/** As in `AuditReply`, and where to go on. */
export interface FollowReply {
  readonly events: readonly { readonly leaf: string; readonly body: Readonly<Record<string, unknown>> }[];
  /** Counts through all logs of the file; -1 before the first event. */
  readonly next: number;
}
