// One valid event of every type in the closed list.

import type { AuditEvent, EventData, EventType } from '../../src/audit/event.ts';

const moment = '2026-11-22T10:30:00.000Z';
const head = { origin: 'jit.0123456789abcdef', size: 4, root: 'a'.repeat(64) };
const vkey = 'jit.0123456789abcdef+1b2c3d4e+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh';
const finding = { kind: 'owned-object', where: 'orders/public.t', detail: 'table', action: 'dropped' };

const data: EventData = {
  'log.open': { version: '0.1.0' },
  'log.fork': { reason: 'restored from a backup', previous: head, known: { ...head, size: 9 } },
  'log.rollback_detected': { from: 'file', known: head, size: 1 },
  'key.rotate': { vkey, previous: null, why: 'first' },
  'sync.behind': { events: 12, since: moment, code: 'ERR_TARGET_UNREACHABLE' },
  'sync.caught_up': { size: 40 },
  'command.started': { kind: 'command', pid: 77, argv: null },
  'command.ended': { kind: 'command', pid: 77, exit_code: 3, ran_ms: 1_200 },
  'anomaly.found': {
    rule: 'activation-burst',
    severity: 'medium',
    why: 'the 4th activation within a day',
    evidence: ['4', '9'],
    action: 'notify',
  },
  'notify.failed': { channel: 'webhook', code: 'ERR_TARGET_UNREACHABLE' },
  'broker.start': { version: '0.1.0', pid: 4411, hardening: { undumpable: 'on' }, recovered: 0 },
  'broker.stop': { cause: 'idle', open_leases: 0 },
  'policy.load': { digest: 'd'.repeat(64), path: '/home/alice/jit.yaml', targets: 1, entitlements: 2 },
  'grant.requested': {
    role: 'read',
    scope: null,
    duration_ms: 1_800_000,
    reason: 'Größe von Auftrag 17 ✓',
    ticket: null,
    digest: 'd'.repeat(64),
    parent: null,
    via: 'terminal',
    peer: 'uid 1000 pid 4412',
  },
  'grant.approved': {
    entitlement: 'e',
    policy: 'p',
    duration_ms: 1_800_000,
    deadline: moment,
    why: 'rule e',
  },
  'grant.denied': { entitlement: null, policy: 'p', code: 'ERR_POLICY_DENIED', why: 'no rule' },
  'grant.extension_denied': { entitlement: 'e', policy: 'p', code: 'ERR_POLICY_DENIED', why: 'too long' },
  'grant.extended': { entitlement: 'e', policy: 'p', deadline: moment, by_ms: 60_000, reason: null },
  'grant.ended': { cause: 'expired', used_ms: 1_800_000 },
  'lease.intent': {
    provider: 'postgres',
    name: 'jit_x',
    facts: { host: 'db' },
    deadline: moment,
    hard_deadline: moment,
  },
  'lease.issued': { name: 'jit_x', facts: { oid: 16_385 }, expires: moment },
  'lease.handed_out': { variables: ['PGSERVICEFILE'], files: ['/run/jit/pgpass'], secrets: false },
  'lease.renewed': { deadline: moment, hard_deadline: moment },
  'lease.revoking': { cause: 'revoked' },
  'lease.step': { step: 'fenced', facts: { killed: 2 } },
  'lease.finding': finding,
  'lease.revoked': { cause: 'expired', attempts: 1, late_ms: 12 },
  'lease.overdue': { cause: 'expired', attempts: 7, code: 'ERR_TARGET_UNREACHABLE' },
  'reconcile.finding': finding,
  'revoke.unaudited': { lost: 1, code: 'ERR_AUDIT_UNAVAILABLE' },
  'clock.step': { by_ms: -90_000 },
  'process.signal_probe': { signal: 'SIGUSR1' },
  'lease.served': { count: 3 },
  'lease.refused': { why: 'ended', count: 1 },
  'lease.console': { as: 'link', ends: moment },
  'lease.undisclosed': { until: moment, why: 'no answer' },
  'log.damaged': { what: 'event 3 does not match its hash', size: 4 },
  'store.rollback_detected': { origin: 'jit.0123456789abcdef', acknowledged: 98, found: 84 },
};

/** In the order of event.ts, all at the same moment, one second apart. */
export const samples: readonly AuditEvent[] = Object.entries(data).map(([type, value], index) => ({
  type: type as EventType,
  at: 1_795_341_600_000 + index * 1_000,
  principal: 'alice',
  target: 'prod-db',
  grant: 'g1',
  lease: 'l1',
  data: value,
})) as unknown as AuditEvent[];
