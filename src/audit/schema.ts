// What an event may hold, checked at run time. Owns: one strict schema per type of event, and the envelope's.
// The types are event.ts; `schemasAgree` at the end makes the compiler compare the two.

import * as v from 'valibot';
import { type ErrorCode, exitCodeOf } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { AuditEvent, EventBody, EventData, EventType } from './event.ts';
import { originPattern } from './origin.ts';

const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const maxName = 512;
const name = text(maxName);
/** Texts of people, and of targets: object names, error texts. */
const prose = text(16_384);
const integer = v.pipe(v.number(), v.safeInteger());
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** RFC 3339 in UTC. */
const moment = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/));
/** Any JSON; its depth and size are bounded where the canonical bytes are made. */
const json = v.custom<Json>((value) => value !== undefined);
const code = v.picklist(Object.keys(exitCodeOf) as [ErrorCode, ...ErrorCode[]]);
const cause = v.picklist([
  'expired',
  'revoked',
  'session-ended',
  'session-lost',
  'issue-failed',
  'recovery',
  'broker-stopped',
  'parent-ended',
  'audit-failed',
  'clock-step',
  'credential-lost',
  'anomaly',
]);
const decimal = v.pipe(v.string(), v.regex(/^(0|[1-9]\d{0,15})$/));
/** A verifier key of C2SP signed-note: name, key id, algorithm and key. */
const vkey = v.pipe(
  v.string(),
  v.maxLength(300),
  v.regex(/^[^\s+]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{1,90}$/),
);
const head = v.strictObject({
  origin: text(200),
  size: count,
  root: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
const processKind = v.picklist(['shell', 'command']);
const denial = v.strictObject({ entitlement: v.nullable(name), policy: name, code, why: prose });
const finding = v.strictObject({ kind: name, where: prose, detail: prose, action: prose });

/** Per type of event, what `data` is: exactly these fields. */
export const dataSchemas = {
  'log.open': v.strictObject({
    version: name,
    vkey: v.exactOptional(vkey),
    previous: v.exactOptional(head),
  }),
  'log.fork': v.strictObject({ reason: prose, previous: head, known: v.nullable(head) }),
  'log.rollback_detected': v.strictObject({
    from: v.picklist(['file', 'keychain', 'store']),
    known: head,
    size: count,
  }),
  'key.rotate': v.strictObject({
    vkey,
    previous: v.nullable(vkey),
    why: v.picklist(['first', 'age', 'asked']),
  }),
  'sync.behind': v.strictObject({ events: count, since: moment, code: v.nullable(code) }),
  'sync.caught_up': v.strictObject({ size: count }),
  'command.started': v.strictObject({
    kind: processKind,
    pid: count,
    argv: v.nullable(v.pipe(v.array(prose), v.maxLength(1_024))),
  }),
  'command.ended': v.strictObject({ kind: processKind, pid: count, exit_code: count, ran_ms: integer }),
  'anomaly.found': v.strictObject({
    rule: name,
    severity: v.picklist(['low', 'medium', 'high', 'critical']),
    why: prose,
    evidence: v.pipe(v.array(decimal), v.maxLength(1_024)),
    action: v.picklist(['observe', 'notify', 'revoke']),
  }),
  'notify.failed': v.strictObject({ channel: name, code }),
  'broker.start': v.strictObject({
    version: name,
    pid: count,
    hardening: v.record(name, prose),
    recovered: count,
  }),
  'broker.stop': v.strictObject({ cause: name, open_leases: count }),
  'policy.load': v.strictObject({ digest: name, path: prose, targets: count, entitlements: count }),
  'grant.requested': v.strictObject({
    role: name,
    scope: v.nullable(name),
    duration_ms: v.nullable(integer),
    reason: v.nullable(prose),
    ticket: v.nullable(prose),
    digest: name,
    parent: v.nullable(name),
    via: v.picklist(['terminal', 'script', 'ci']),
    peer: prose,
    job: v.exactOptional(v.strictObject({ issuer: name, subject: prose, token: name, facts: json })),
  }),
  'grant.approved': v.strictObject({
    entitlement: name,
    policy: name,
    duration_ms: integer,
    deadline: moment,
    why: prose,
  }),
  'grant.denied': denial,
  'grant.extension_denied': denial,
  'grant.extended': v.strictObject({
    entitlement: name,
    policy: name,
    deadline: moment,
    by_ms: integer,
    reason: v.nullable(prose),
  }),
  'grant.ended': v.strictObject({ cause, used_ms: integer }),
  'lease.intent': v.strictObject({
    provider: name,
    name,
    facts: json,
    deadline: moment,
    hard_deadline: moment,
  }),
  'lease.issued': v.strictObject({ name, facts: json, deadline: v.exactOptional(moment), expires: moment }),
  'lease.handed_out': v.strictObject({
    variables: v.pipe(v.array(name), v.maxLength(256)),
    files: v.pipe(v.array(prose), v.maxLength(256)),
    secrets: v.boolean(),
    endpoints: v.exactOptional(count),
    helpers: v.exactOptional(count),
  }),
  'lease.renewed': v.strictObject({ deadline: moment, hard_deadline: moment }),
  'lease.revoking': v.strictObject({ cause }),
  'lease.step': v.strictObject({ step: name, facts: json }),
  'lease.finding': finding,
  'lease.revoked': v.strictObject({ cause, attempts: count, late_ms: integer }),
  'lease.overdue': v.strictObject({ cause, attempts: count, code }),
  'reconcile.finding': finding,
  'revoke.unaudited': v.strictObject({ lost: count, code }),
  'clock.step': v.strictObject({ by_ms: integer }),
  'process.signal_probe': v.strictObject({ signal: name }),
  'lease.served': v.strictObject({ count, by: v.exactOptional(v.pipe(v.array(name), v.maxLength(32))) }),
  'lease.refused': v.strictObject({ why: name, count }),
  'lease.console': v.strictObject({ as: v.picklist(['link', 'file']), ends: moment }),
  'lease.undisclosed': v.strictObject({ until: moment, why: prose }),
  'log.damaged': v.strictObject({ what: prose, size: count }),
  'store.rollback_detected': v.strictObject({ origin: text(200), acknowledged: count, found: count }),
};

const types = Object.keys(dataSchemas) as [EventType, ...EventType[]];
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(maxName));
/** The envelope; `data` is the business of {@link dataSchemas}. */
export const envelopeSchema = v.strictObject({
  v: v.literal(1),
  origin: v.pipe(v.string(), v.regex(originPattern)),
  seq: decimal,
  prev: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  ts: v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)),
  boot: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  mono_ms: decimal,
  type: v.picklist(types),
  principal: v.exactOptional(id),
  target: v.exactOptional(id),
  grant: v.exactOptional(id),
  lease: v.exactOptional(id),
  data: json,
});

/**
 * What is wrong with `event` before it has its place, in words without its values; null when all is well.
 * The rest of the envelope is what audit itself puts there, so writing an event checks no more than this.
 */
export function eventFlaw({ type, principal, target, grant, lease, data }: AuditEvent): string | null {
  if (!Object.hasOwn(dataSchemas, type)) return 'type is not in the closed list';
  for (const value of [principal, target, grant, lease]) {
    if (value !== undefined && (value.length === 0 || value.length > maxName))
      return 'a name is empty or too long';
  }
  return dataFlaw(type, data);
}

/** What is wrong with `body` as the body of an event, in words without its values; null when all is well. */
export function bodyFlaw(body: unknown): string | null {
  return envelopeFlaw(body) ?? dataFlaw((body as EventBody).type, (body as EventBody).data);
}

function envelopeFlaw(body: unknown): string | null {
  const type: unknown = typeof body === 'object' && body !== null && 'type' in body ? body.type : undefined;
  if (typeof type === 'string' && !Object.hasOwn(dataSchemas, type)) return 'type is not in the closed list';
  return told(v.safeParse(envelopeSchema, body, { abortEarly: true }), 'body');
}

function dataFlaw(type: EventType, data: unknown): string | null {
  return told(v.safeParse(dataSchemas[type], data, { abortEarly: true }), 'data');
}

// valibot's own messages quote what was received; the place and what was expected are enough.
function told(result: v.SafeParseResult<v.GenericSchema>, root: string): string | null {
  if (result.success) return null;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const expected = issue.expected ?? 'another form';
  const wanted = expected.length > 60 ? `${expected.slice(0, 60)}…` : expected;
  return `${path === null ? root : `${root}.${path}`} does not match its schema: expected ${wanted}`;
}

type Schemas = typeof dataSchemas;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Fails to compile, naming the type of event, where a schema and {@link EventData} say different things. */
export const schemasAgree: {
  readonly [Type in EventType | keyof Schemas]: Type extends EventType & keyof Schemas
    ? Same<v.InferOutput<Schemas[Type]>, EventData[Type]>
    : false;
} = Object.fromEntries(types.map((type) => [type, true])) as Record<EventType, true>;
/** The same for the envelope. */
export const envelopeAgrees: Same<v.InferOutput<typeof envelopeSchema>, EventBody> = true;
