import { expect, test } from 'vitest';
import type { AuditEvent } from '../../../src/audit/event.ts';
import { alertOf, newsOf } from '../../../src/broker/alerts/alert-of.ts';
import { chainOf } from '../../audit/log.ts';

const place = { at: 0, principal: 'user:ada', target: 'prod-db', grant: 'g1', lease: 'l1' };
const told = (event: AuditEvent) => {
  const [row] = chainOf([event]);
  if (!row) throw new Error('no row');
  return alertOf(row.body);
};
const anomaly = (action: 'observe' | 'notify' | 'revoke') =>
  told({
    ...place,
    type: 'anomaly.found',
    data: { rule: 'creep', severity: 'medium', why: 'longer than ever', evidence: ['1'], action },
  });

test('an anomaly is told by its mode; one that ends its grant says so', () => {
  expect(anomaly('observe')).toBeNull();
  expect(anomaly('notify')).toMatchObject({
    rule: 'creep',
    text: 'longer than ever',
    see: 'jit audit log --grant g1',
  });
  expect(anomaly('revoke')?.text).toBe('longer than ever; grant g1 is ended');
});

test('what is overdue, rolled back or behind is told, with the next command', () => {
  const data = { cause: 'expired', attempts: 2, code: 'ERR_TARGET_UNREACHABLE' } as const;
  expect(told({ ...place, type: 'lease.overdue', data })).toMatchObject({
    severity: 'high',
    see: 'jit doctor prod-db',
  });
  const known = { origin: 'jit.x', size: 9, root: '0'.repeat(64) };
  expect(
    told({ at: 0, type: 'log.rollback_detected', data: { from: 'store', known, size: 4 } }),
  ).toMatchObject({
    severity: 'critical',
    see: 'jit audit verify',
  });
  const loss = { origin: 'jit.x', acknowledged: 98, found: 84 };
  expect(told({ at: 0, type: 'store.rollback_detected', data: loss })).toMatchObject({
    severity: 'high',
    text: expect.stringMatching(/had 84 of the 98 events of jit\.x .*restored from a backup.*deleted/),
    see: 'jit audit sync --status',
  });
  const since = '2026-11-22T12:00:00.000Z';
  expect(told({ at: 0, type: 'sync.behind', data: { events: 7, since, code: null } })?.text).toContain(
    '7 events',
  );
});

test('what people wrote is one line in it, of some length, and acts on nothing', () => {
  const previous = { origin: 'jit.x', size: 9, root: '0'.repeat(64) };
  const reason = `disk lost\njit: critical: forged\u001b[2J\u202e${'x'.repeat(9_000)}`;
  const text = told({ at: 0, type: 'log.fork', data: { reason, previous, known: null } })?.text ?? '';
  expect(text).toContain('disk lost jit: critical: forged [2Jx');
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text.length).toBeLessThan(1_000);
});

test('nothing else is, above all not that an alert failed', () => {
  expect(
    told({ at: 0, type: 'notify.failed', data: { channel: 'webhook-1', code: 'ERR_TARGET_REFUSED' } }),
  ).toBeNull();
  expect(
    told({ ...place, type: 'lease.revoked', data: { cause: 'expired', attempts: 1, late_ms: 0 } }),
  ).toBeNull();
});

const bodyOf = (event: AuditEvent) => {
  const [row] = chainOf([event]);
  if (!row) throw new Error('no row');
  return row.body;
};
const overdue = bodyOf({
  ...place,
  type: 'lease.overdue',
  data: { cause: 'expired', attempts: 2, code: 'ERR_TARGET_UNREACHABLE' },
});
type Finding = Extract<AuditEvent, { type: 'anomaly.found' }>['data'];
const found = (changes: Partial<Finding>) => {
  const usual: Finding = {
    ...{ rule: 'overdue-revocation', severity: 'high', why: 'not gone', evidence: [overdue.seq] },
    action: 'notify',
  };
  return bodyOf({ ...place, type: 'anomaly.found', data: { ...usual, ...changes } });
};
const find = (origin: string, seq: string) =>
  origin === overdue.origin && seq === overdue.seq ? overdue : null;

test('an overdue lease is told by its event, and what the rule finds in that alone is not told again', () => {
  expect(newsOf(overdue, find)).toMatchObject({ type: 'lease.overdue' });
  expect(newsOf(found({}), find)).toBeNull();
});

test('the rule is told where it finds more: that it lasts, or before there was such an event', () => {
  expect(newsOf(found({ severity: 'critical' }), find)).toMatchObject({ severity: 'critical' });
  expect(newsOf(found({ evidence: ['9'] }), find)).toMatchObject({ rule: 'overdue-revocation' });
  expect(newsOf(found({ evidence: [overdue.seq, '9'] }), find)).toMatchObject({ rule: 'overdue-revocation' });
  expect(newsOf(found({ rule: 'policy-change' }), find)).toMatchObject({ rule: 'policy-change' });
});
