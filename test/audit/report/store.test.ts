// A report on the logs of many devices: what is about one of them stays with it, and the words say that there are many.

import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../../src/audit/event.ts';
import { createCollector } from '../../../src/audit/report/collect.ts';
import { headOf } from '../../../src/audit/report/heads.ts';
import { htmlOf } from '../../../src/audit/report/html.ts';
import { jsonOf } from '../../../src/audit/report/json.ts';
import { markdownOf } from '../../../src/audit/report/markdown.ts';
import type { LogSummary, Report, StoredLog, Verification } from '../../../src/audit/report/report.ts';
import { createStory, day, hour, minute, monday, type Story } from '../rules/story.ts';
import { live, motley, printing, verified, week } from './period.ts';

const [one, two, three] = ['jit.aaaaaaaa', 'jit.bbbbbbbb', 'jit.cccccccc'] as const;

function summary(origin: string, seen: number, stored: Partial<StoredLog> = {}): LogSummary {
  return {
    ...{ origin, events: seen, root: 'cd'.repeat(32), signed: seen, keys: [`${origin}+01+key`], fork: null },
    checkpoint: null,
    stored: {
      ...{ valid: true, problem: null, firstSeq: 0, firstAt: week.from, seen, head: 'ab'.repeat(32) },
      ...{ registeredBy: 'jit_ada', lastSeenAt: week.to, ...stored },
    },
  };
}

type Logs = readonly (readonly [origin: string, story: Story, stored?: Partial<StoredLog>])[];

function reportOf(logs: Logs, more: Partial<Verification> = {}, keptSinceAt: number | null = null): Report {
  const collector = createCollector({
    ...{ version: '1.2.3', newest: null, period: week, sample: 5, seed: 'x', store: { keptSinceAt } },
  });
  for (const [origin, { bodies }] of logs) {
    for (const body of bodies) collector.see({ ...body, origin } satisfies EventBody);
  }
  const summaries = logs.map(([origin, { bodies }, stored]) => summary(origin, bodies.length, stored));
  const events = summaries.reduce((sum, log) => sum + (log.stored?.seen ?? 0), 0);
  return collector.result({ ...verified, events, logs: summaries, ...more });
}

function story(work: (story: Story) => void): Story {
  const made = createStory();
  work(made);
  return made;
}

const place = { ...printing, place: '"jit" at db.example.com:5432' };
const html = (report: Report) => [...htmlOf(report, place)].join('').replaceAll('<wbr>', '');
const markdown = (report: Report) =>
  [...markdownOf(report, { ...place, isWhole: true })].join('').replaceAll('\\', '');
const control = ({ controls }: Report, id: string) => controls.find((each) => each.id === id);

describe('a report on many devices', () => {
  it('has all grants in order of time, and every event with its log', () => {
    const late = story((log) => live(log, { at: monday + hour }));
    const early = story((log) => live(log, { at: monday }));
    const { grants, population } = reportOf([
      [one, late],
      [two, early],
    ]);
    expect(grants.map(({ requestedEvent }) => requestedEvent)).toEqual([`${two}:0`, `${one}:0`]);
    expect(population).toMatchObject({ requests: 2, approved: 2 });
    expect(population.ranges.map(({ origin, gaps }) => [origin, gaps])).toEqual([
      [one, 0],
      [two, 0],
    ]);
  });

  it('keeps grants of one name apart, and tells that two devices have used it', () => {
    const report = reportOf([
      [one, story((log) => live(log, { principal: 'user:ada', late: null }))],
      [two, story((log) => live(log, { principal: 'user:eve' }))],
    ]);
    expect(report.grants.map(({ principal }) => principal)).toEqual(['user:ada', 'user:eve']);
    expect(report.timeliness.open).toMatchObject([{ principal: 'user:ada' }]);
    expect(report.population.sharedNames).toEqual(['g1']);
    expect(report.sample.grants).toEqual(['g1']);
    const sample = markdown(report).split('id="sample"')[1]?.split('id="register"')[0] ?? '';
    expect([sample.includes('user:ada'), sample.includes('user:eve')]).toEqual([true, true]);
  });

  it('takes no load of a policy on one device for one on another', () => {
    const load = (log: Story, at: number, digest: string) =>
      log.tell(at, 'policy.load', { digest, path: 'p', targets: 1, entitlements: 1 });
    const first = story((log) => {
      load(log, week.from - day, 'p0');
      load(log, monday, 'p1');
      live(log, { at: monday + hour, policy: 'p1' });
    });
    const second = story((log) => {
      load(log, week.from - day, 'p0');
      live(log, { at: monday + hour, policy: 'p1' });
    });
    const report = reportOf([
      [one, first],
      [two, second],
    ]);
    expect(report.policy).toMatchObject({
      before: null,
      policies: [
        { digest: 'p0', devicesBefore: 2, devicesAfter: 1, first: { event: `${one}:0` } },
        { digest: 'p1', devicesBefore: 0, devicesAfter: 1, first: { event: `${one}:1` } },
      ],
      changes: [{ digest: 'p1', event: `${one}:1` }],
      used: [
        { digest: 'p1', decisions: 1, isKnown: true },
        { digest: 'p1', decisions: 1, isKnown: false },
      ],
    });
    expect(control(report, 'A.5.15')).toMatchObject({ exceptions: 1 });
    expect(markdown(report)).toContain('not in the log of the device');
  });

  it('knows the policy of a device also after a fork of its log', () => {
    const before = story((log) =>
      log.tell(monday, 'policy.load', { digest: 'p1', path: 'p', targets: 1, entitlements: 1 }),
    );
    const after = story((log) => live(log, { at: monday + hour, policy: 'p1' }));
    const report = reportOf([
      [one, before],
      [`${one}/2`, after],
    ]);
    expect(report.policy.used).toEqual([{ digest: 'p1', decisions: 1, isKnown: true }]);
    expect(html(report)).toContain('2 logs of 1 device');
  });

  it('replays the rules device by device, and names what shows an anomaly with its log', () => {
    const half = (log: Story) => {
      for (let index = 0; index < 2; index += 1) log.granted(monday + index * minute);
    };
    const count = (logs: Logs) =>
      reportOf(logs).anomalies.found.filter(({ rule }) => rule === 'activation-burst');
    expect(
      count([
        [one, story(half)],
        [two, story(half)],
      ]),
    ).toEqual([]);
    const [found] = count([
      [one, story((log) => [half(log), half(log)])],
      [two, story(half)],
    ]);
    expect(found?.evidence.every((name) => name.startsWith(`${one}:`))).toBe(true);
    const told = {
      rule: 'creep',
      severity: 'low' as const,
      why: 'w',
      evidence: ['0'],
      action: 'notify' as const,
    };
    const [recorded] = reportOf([[two, story((log) => log.tell(monday, 'anomaly.found', told))]]).anomalies
      .found;
    expect(recorded).toMatchObject({ event: `${two}:0`, evidence: [`${two}:0`], isReplayed: false });
  });

  it('tells what befell each log in order of time, and whose it was', () => {
    const away = (at: number) =>
      story((log) => {
        log.tell(at, 'sync.behind', { events: 3, since: new Date(at - minute).toISOString(), code: null });
        log.tell(at + minute, 'sync.caught_up', { size: 9 });
        log.tell(at + minute, 'clock.step', { by_ms: 5 });
      });
    const { operation } = reportOf([
      [one, away(monday + hour)],
      [two, away(monday)],
    ]);
    expect(operation.unsynced.map(({ device }) => device)).toEqual([two, one]);
    expect(operation.clock.map(({ event }) => event)).toEqual([`${two}:2`, `${one}:2`]);
    expect(operation.unsyncedMs).toBe(4 * minute);
  });
});

describe('what a report on many devices says', () => {
  const logs: Logs = [
    [one, motley()],
    [two, story((log) => live(log))],
  ];

  it('is about logs, the store and devices', () => {
    const text = markdown(reportOf(logs));
    expect(text).toContain('All 2 logs are whole');
    expect(text).toContain('the shared store "jit" at db.example.com:5432');
    expect(text).toContain('2 logs of 2 devices, all that the store has');
    expect(text).not.toMatch(/\$LOG|[Tt]he log is|whole log|copy of the log|audit verify "/);
    expect(text).toContain('jit audit verify --store\n');
    expect(text).toMatch(/jit audit report --store --from \S+ --to \S+ --sample 5 --seed x --format json/);
    expect(text).toMatch(/jit audit prove jit.[ab]+:\d+ --store --output/);
    expect(html(reportOf(logs))).toContain('2 logs of 2 devices, from the shared store');
  });

  it('has commands for the store alone', () => {
    const { controls } = reportOf(logs, {}, week.from);
    expect(controls.every(({ command }) => command.includes(' --store'))).toBe(true);
    expect(control(reportOf(logs, {}, week.from), 'AU-9(3), AU-10')?.command).toBe(
      `jit audit verify --store --kept-since 2026-01-05T00:00:00Z --json | grep -c '^  "valid": true'`,
    );
  });

  it('names a log that is not whole, first of all, and counts how many', () => {
    const problem = { seq: 7, what: 'its hash is another' };
    const bad: Logs = [...logs, [three, createStory(), { valid: false, problem, seen: 0 }]];
    const report = reportOf(bad, { valid: false, problem });
    expect(html(report)).toContain(`1 of 3 logs NOT whole: ${three}, event 7: its hash is another.`);
    expect(control(report, 'A.8.15')).toMatchObject({ exceptions: 1 });
    expect(control(report, 'A.8.15')?.result).toContain('2 of 3 logs whole');
  });

  it('tells what is past its retention, what is not signed, and who has not been heard of', () => {
    const retired: Logs = [
      [one, story((log) => live(log)), { firstSeq: 40, firstAt: monday, lastSeenAt: monday }],
      [two, story((log) => live(log))],
    ];
    const report = reportOf(retired, {}, monday);
    const text = markdown(report);
    expect(text).toContain('The beginning of 1 log is past its retention.');
    expect(text).toMatch(/Logs whose beginning is past its retention: 1; kept since 2026-01-05 10:00:00/);
    expect(text).toContain('logs that begin within the period or have no event left: ! 1');
    expect(text).toContain('Devices last heard of before the period ended: 1');
    expect(text).toContain('begins with event 40 of 2026-01-05 10:00:00');
  });

  it('is of nothing where the store has no log', () => {
    const report = reportOf([]);
    expect(report.population.requests).toBe(0);
    expect(html(report)).toContain('The store has no log.');
  });

  it('is JSON with what the store says of each log', () => {
    const value = JSON.parse([...jsonOf(reportOf(logs))].join(''));
    expect(value.store).toEqual({ kept_since_at: null });
    expect(value.verification.logs[0].stored).toMatchObject({
      registered_by: 'jit_ada',
      last_seen_at: new Date(week.to).toISOString(),
    });
  });
});

it('the hash of all heads changes with each of them', () => {
  const log = { origin: one, events: 3, head: 'ab'.repeat(32) };
  const other = { origin: two, events: 1, head: 'cd'.repeat(32) };
  const hashes = [[log], [log, other], [other, log], [{ ...log, events: 4 }], [{ ...log, head: other.head }]];
  expect(new Set(hashes.map(headOf)).size).toBe(hashes.length);
});
