import { expect, test } from 'vitest';
import { paintFor } from '../../../src/cli/colour.ts';
import { plainLines, watchLines } from '../../../src/cli/watch/view.ts';
import type { StatusReply } from '../../../src/protocol/routes.ts';
import type { AnomalyView } from '../../../src/protocol/views.ts';
import { fakeGrant, fakeLease, fakeNow, fakeStatus } from '../../fakes/client.ts';

const paint = paintFor({ env: {}, isTTY: false, flag: false });
const anomaly = (changes: Partial<AnomalyView> = {}): AnomalyView => ({
  rule: 'creep',
  severity: 'high',
  why: 'longer than ever\u001b[2J',
  action: 'revoke',
  principal: 'user:ada',
  target: 'prod-db',
  grant: 'g7f3k2',
  foundAt: fakeNow,
  ...changes,
});
const shown = (
  changes: Partial<StatusReply>,
  { rows = 40, now = fakeNow, lostAt = null as number | null } = {},
) =>
  watchLines(
    { status: fakeStatus(changes), events: [], lostAt },
    { now, rows, out: { paint, plain: false, legible: (text) => text }, own: null },
  );

test('a grant has its time left, which goes down although nothing has come', () => {
  expect(shown({ grants: [fakeGrant()] }).join('\n')).toMatch(/g7f3k2 .*\(30m\)/);
  expect(shown({ grants: [fakeGrant()] }, { now: fakeNow + 1_500_000 }).join('\n')).toContain('(5m)');
  expect(shown({ grants: [fakeGrant()] }, { now: fakeNow + 1_795_000 }).join('\n')).toContain('(5s)');
});

test('what is overdue is in the first line, and with its grant', () => {
  const grants = [fakeGrant({ state: 'ended', leases: [fakeLease({ state: 'overdue', attempts: 3 })] })];
  const lines = shown({ grants, overdue: 1 });
  expect(lines[0]).toContain('OVERDUE: 1');
  expect(lines.join('\n')).toContain('ACCESS MAY GO ON');
});

test('a log that was set back or is not signed stands on top, in the words of "jit status"', () => {
  const { auditLog } = fakeStatus();
  const known = { origin: auditLog.origin, events: auditLog.events + 9, from: 'file' as const };
  const setBack = { ...auditLog, signed: false, known };
  const [, line, next] = shown({ auditLog: setBack, grants: [fakeGrant()] });
  expect(line).toMatch(/^AUDIT LOG SET BACK: .*; nothing is issued$/);
  expect(next).toContain('jit audit fork --reason');
  const trouble = { code: 'ERR_SECRET_UNAVAILABLE', message: 'locked\u001b[2J', hint: 'unlock it' } as const;
  const [, unsigned, hint] = shown({ auditLog: { ...auditLog, signed: false, trouble } });
  expect(unsigned).toMatch(/^AUDIT LOG NOT SIGNED: locked/);
  expect(unsigned).not.toContain('\u001b');
  expect(hint).toBe('unlock it');
  expect([...plainLines(fakeStatus({ auditLog: setBack })).values()]).toEqual([`${line}; ${next}`]);
  expect(plainLines(fakeStatus()).size).toBe(0);
});

test('anomalies are shown with what became of the grant; their text cannot act on the terminal', () => {
  const text = shown({ recentAnomalies: [anomaly()] }).join('\n');
  expect(text).toMatch(/high creep: longer than ever.*; its grant was ended/);
  expect(text).not.toContain('\u001b');
});

test('of many anomalies those that people are told of are shown before what is only observed', () => {
  const observed = Array.from({ length: 9 }, (_, index) =>
    anomaly({ action: 'observe', why: `odd ${index}` }),
  );
  const text = shown({ recentAnomalies: [anomaly({ why: 'burst' }), ...observed] }).join('\n');
  expect(text).toContain('Anomalies (5 of 10)');
  expect(text).toMatch(/burst[\s\S]*odd 5[\s\S]*odd 8/);
  expect(text).not.toContain('odd 4');
});

test('a screen that is too small shows the beginning and says how much is missing', () => {
  const grants = Array.from({ length: 30 }, (_, index) => fakeGrant({ id: `g${index}` }));
  const lines = shown({ grants }, { rows: 10 });
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('… 24 more lines');
  expect(shown({ grants }, { rows: 33 })).toHaveLength(33);
});

test('what is left of the screen holds the newest events', () => {
  const events = Array.from({ length: 50 }, (_, seq) => ({
    leaf: '',
    body: { type: `type.${seq}`, ts: '2026-11-22T12:00:00.000Z', data: {} },
  }));
  const state = { status: fakeStatus(), events, lostAt: null };
  const lines = watchLines(state, {
    now: fakeNow,
    rows: 12,
    out: { paint, plain: false, legible: (text) => text },
    own: null,
  });
  expect(lines).toHaveLength(12);
  expect(lines.at(-1)).toContain('type.49');
});

test('without a broker the picture says since when', () => {
  expect(shown({}, { lostAt: fakeNow })[1]).toContain('no broker answers since');
});

test('without a screen each thing is a line that does not change with time alone', () => {
  const status = fakeStatus({ grants: [fakeGrant()], recentAnomalies: [anomaly()] });
  const lines = plainLines(status);
  expect([...lines.keys()][0]).toBe('g7f3k2');
  expect(plainLines({ ...status, now: fakeNow + 60_000 })).toEqual(lines);
  const extended = plainLines({ ...status, grants: [fakeGrant({ deadline: fakeNow + 7_200_000 })] });
  expect(extended.get('g7f3k2')).not.toBe(lines.get('g7f3k2'));
  expect([...lines.values()].join('\n')).not.toContain('\u001b');
});
