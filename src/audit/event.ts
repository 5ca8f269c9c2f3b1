// The closed list of audit events: what each says, as types. Schemas are schema.ts, bytes are canonical.ts.

import type { ErrorCode } from '../core/errors.ts';
import type { EndCause } from '../core/grant.ts';
import type { Json } from '../core/json.ts';
import type { Instant } from '../core/time.ts';

/** A head of a log: how many events, and the root of the Merkle tree over them (hex). */
export type LogHead = {
  origin: string;
  size: number;
  root: string;
};

/** What each type of event carries in `data`. No secrets, ever; texts of people are stored as typed. */
export interface EventData {
  /** Logs that are older than checkpoints have no key here. `previous`: the log that this one goes on from. */
  'log.open': { version: string; vkey?: string; previous?: LogHead };
  /** This log goes on from one whose later part is lost, or whose key is; `known` is the head that it should have had. */
  'log.fork': { reason: string; previous: LogHead; known: LogHead | null };
  /** The log is shorter than, or other than, a head of it that is kept elsewhere: nothing is issued. */
  'log.rollback_detected': { from: 'file' | 'keychain' | 'store'; known: LogHead; size: number };
  /** From the next event on checkpoints are signed by `vkey`. `previous` null: there were none before. */
  'key.rotate': { vkey: string; previous: string | null; why: 'first' | 'age' | 'asked' };
  /** The shared store has not acknowledged for too long. */
  'sync.behind': { events: number; since: string; code: ErrorCode | null };
  'sync.caught_up': { size: number };
  /** A process began under a grant; `argv` only where the entitlement says so. */
  'command.started': { kind: 'shell' | 'command'; pid: number; argv: string[] | null };
  'command.ended': { kind: 'shell' | 'command'; pid: number; exit_code: number; ran_ms: number };
  'anomaly.found': {
    rule: string;
    severity: 'low' | 'medium' | 'high' | 'critical';
    why: string;
    /** Sequence numbers of the events that show it. */
    evidence: string[];
    action: 'observe' | 'notify' | 'revoke';
  };
  'notify.failed': { channel: string; code: ErrorCode };
  'broker.start': { version: string; pid: number; hardening: Record<string, string>; recovered: number };
  'broker.stop': { cause: string; open_leases: number };
  'policy.load': { digest: string; path: string; targets: number; entitlements: number };
  'grant.requested': {
    role: string;
    scope: string | null;
    /** null: the policy's default was asked for. */
    duration_ms: number | null;
    reason: string | null;
    ticket: string | null;
    digest: string;
    parent: string | null;
    via: 'terminal' | 'script' | 'ci';
    peer: string;
    /** The CI job that asked: who vouched for it, and which run it was. */
    job?: { issuer: string; subject: string; token: string; facts: Json };
  };
  'grant.approved': {
    entitlement: string;
    policy: string;
    duration_ms: number;
    deadline: string;
    why: string;
  };
  'grant.denied': { entitlement: string | null; policy: string; code: ErrorCode; why: string };
  'grant.extension_denied': { entitlement: string | null; policy: string; code: ErrorCode; why: string };
  'grant.extended': {
    entitlement: string;
    policy: string;
    deadline: string;
    by_ms: number;
    reason: string | null;
  };
  'grant.ended': { cause: EndCause; used_ms: number };
  'lease.intent': { provider: string; name: string; facts: Json; deadline: string; hard_deadline: string };
  /** `expires` is the vendor's own end, `deadline` the grant's; logs that are older have only the first. */
  'lease.issued': { name: string; facts: Json; deadline?: string; expires: string };
  'lease.handed_out': {
    variables: string[];
    files: string[];
    secrets: boolean;
    endpoints?: number;
    helpers?: number;
  };
  'lease.renewed': { deadline: string; hard_deadline: string };
  'lease.revoking': { cause: EndCause };
  'lease.step': { step: string; facts: Json };
  'lease.finding': { kind: string; where: string; detail: string; action: string };
  'lease.revoked': { cause: EndCause; attempts: number; late_ms: number };
  'lease.overdue': { cause: EndCause; attempts: number; code: ErrorCode };
  'reconcile.finding': { kind: string; where: string; detail: string; action: string };
  'revoke.unaudited': { lost: number; code: ErrorCode };
  'clock.step': { by_ms: number };
  'process.signal_probe': { signal: string };
  /** Several uses of an endpoint in one event. */
  'lease.served': { count: number; by?: string[] };
  'lease.refused': { why: string; count: number };
  /** A link that signs in to the target's web console was handed out. */
  'lease.console': { as: 'link' | 'file'; ends: string };
  /** A credential may live until then that nobody was ever told, so that nobody can take it back. */
  'lease.undisclosed': { until: string; why: string };
  /** Something of the log, or beside it, is not as it was written: nothing is issued. `size`: events that it has. */
  'log.damaged': { what: string; size: number };
  /**
   * The shared store has fewer events of the log `origin` than it had acknowledged: it was restored from a backup or
   * replaced, or somebody deleted events there. `found`: how many it has.
   */
  'store.rollback_detected': { origin: string; acknowledged: number; found: number };
}

/** A name from the closed list. */
export type EventType = keyof EventData;

/** An event before the log has given it a place. */
export type AuditEvent = {
  [Type in EventType]: {
    readonly type: Type;
    readonly at: Instant;
    readonly principal?: string;
    readonly target?: string;
    readonly grant?: string;
    readonly lease?: string;
    readonly data: EventData[Type];
  };
}[EventType];

/** The envelope as it is written: RFC 8785 canonical JSON of exactly these fields. */
export interface EventBody {
  readonly v: 1;
  /** The log: `jit.<device id>`, with `/2` and so on for those that go on from a lost one. */
  readonly origin: string;
  /** Decimal text, from "0", without gaps. */
  readonly seq: string;
  /** Leaf hash, hex, of the event before; 64 zeros for the first. */
  readonly prev: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly ts: string;
  /** Boot id and milliseconds since boot: tells a stepped wall clock. */
  readonly boot: string;
  readonly mono_ms: string;
  readonly type: EventType;
  readonly principal?: string;
  readonly target?: string;
  readonly grant?: string;
  readonly lease?: string;
  readonly data: Json;
}

/** An event in its place. `bytes` are what was hashed; they are never made anew. */
export interface StoredEvent {
  /** Its number in its log. */
  readonly seq: number;
  /** Its number in the file, counted on through all logs of the file; the same as `seq` in the first. */
  readonly row: number;
  /** SHA-256(0x00 || bytes), hex (RFC 6962 leaf hash). */
  readonly leaf: string;
  readonly bytes: Uint8Array;
  readonly body: EventBody;
}
