import { expect, test } from 'vitest';
import { lateAlerts } from '../../../src/broker/alerts/late.ts';
import { parseInstant } from '../../../src/cli/parse-instant.ts';
import type { Alert } from '../../../src/core/alert.ts';

const now = Date.UTC(2026, 10, 22, 12);
const minute = 60_000;
const alertOf = (age: number, severity: Alert['severity'] = 'high'): Alert => ({
  ...{ type: 'lease.overdue', severity, text: `${age / minute} min`, see: 'jit doctor', at: now - age },
  ...{
    event: `jit.x:${age}`,
    rule: null,
    principal: null,
    target: null,
    grant: null,
    lease: null,
    late: false,
  },
});
const placed = (...alerts: Alert[]) => alerts.map((alert, index) => ({ alert, row: 10 + index }));
const mark = '(told late: jit ended before it got through)';

test('nothing that waited is nothing to tell', () => {
  expect(lateAlerts([], 0, 5, now)).toEqual([]);
});

test('a few that are fresh are told each, marked as late', () => {
  const told = lateAlerts(placed(alertOf(3 * minute), alertOf(minute)), 0, 5, now);
  expect(told.map(({ row }) => row)).toEqual([10, 11]);
  expect(told.map(({ alert }) => [alert.text, alert.late])).toEqual([
    [`3 min ${mark}`, true],
    [`1 min ${mark}`, true],
  ]);
});

test('one old alert is told itself, however old', () => {
  const told = lateAlerts(placed(alertOf(9_000 * minute)), 0, 5, now);
  expect(told).toMatchObject([{ row: 10, alert: { type: 'lease.overdue', late: true } }]);
});

test('old ones are one alert with their counts and times, as severe as the worst, before those that are fresh', () => {
  const waiting = placed(alertOf(300 * minute, 'low'), alertOf(200 * minute, 'critical'), alertOf(minute));
  const told = lateAlerts(waiting, 0, 5, now);
  expect(told.map(({ row }) => row)).toEqual([5, 12]);
  expect(told[0]?.alert).toMatchObject({ type: 'alerts.summary', severity: 'critical', late: true });
  expect(told[0]?.alert.text).toBe(
    `2 alerts waited: 1 critical, 1 low, from 2026-11-22T07:00:00Z to 2026-11-22T08:40:00Z ${mark}`,
  );
});

test('its next command is one that can be run', () => {
  const [summary] = lateAlerts(placed(alertOf(300 * minute - 7), alertOf(200 * minute)), 0, 5, now);
  const since = /^jit audit log --since (\S+)$/.exec(summary?.alert.see ?? '')?.[1] ?? '';
  expect(parseInstant(since, now)).toBe(now - 300 * minute);
});

test('a storm is one alert and the newest five', () => {
  const waiting = placed(...Array.from({ length: 200 }, (_, index) => alertOf((200 - index) * 1_000)));
  const told = lateAlerts(waiting, 0, 5, now);
  expect(told).toHaveLength(6);
  expect(told[0]?.alert.text).toContain('195 alerts waited');
  expect(told.slice(1).map(({ row }) => row)).toEqual([205, 206, 207, 208, 209]);
});

test('what nobody looks through any more is told with its count, also where nothing else waited', () => {
  expect(lateAlerts(placed(alertOf(minute)), 7, 5, now)[0]?.alert.text).toBe(
    `7 events of the log were not looked through for alerts ${mark}`,
  );
  expect(lateAlerts([], 7, 5, now)).toMatchObject([{ row: 5, alert: { event: '', see: 'jit audit log' } }]);
});

test('each is told or counted once where the clock was set back in between', () => {
  const ages = [3, 300, 200, 1].map((minutes) => minutes * minute);
  const told = lateAlerts(placed(...ages.map((age) => alertOf(age))), 0, 5, now);
  expect(told.map(({ row }) => row)).toEqual([5, 10, 13]);
  expect(told[0]?.alert.text).toBe(
    `2 alerts waited: 2 high, from 2026-11-22T07:00:00Z to 2026-11-22T08:40:00Z ${mark}`,
  );
});

test('as many as a flooded log holds are one alert, too', () => {
  const all = Array.from({ length: 150_000 }, (_, row) => ({ alert: alertOf(200 * minute), row }));
  const [summary] = lateAlerts(all, 0, 0, now);
  expect(summary?.alert.text).toContain('150000 alerts waited: 150000 high');
});
