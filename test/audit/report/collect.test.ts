import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createStory, day, hour, minute, monday } from '../rules/story.ts';
import { live, motley, reportOf, verified, week } from './period.ts';

describe('the population of a report', () => {
  it('is every request of the period, whatever became of it', () => {
    const story = createStory();
    live(story);
    story.denied(monday + hour);
    const { population, grants } = reportOf(story.bodies);
    expect(population).toMatchObject({ requests: 2, approved: 1, denied: 1, undecided: 0, people: 1 });
    expect(grants.map(({ outcome }) => outcome)).toEqual(['approved', 'denied']);
  });

  it('holds a grant that was there before the period, and none that was over', () => {
    const story = createStory();
    live(story, { at: week.from - 3 * hour });
    const open = live(story, { at: week.from - hour, duration: 2 * hour });
    const { population, grants } = reportOf(story.bodies);
    expect(grants.map(({ id, isCarried }) => [id, isCarried])).toEqual([[open, true]]);
    expect(population).toMatchObject({
      requests: 0,
      carriedIn: 1,
      credentials: { before: 1, gone: 1, after: 0 },
    });
  });

  it('says nothing of what happened after the period', () => {
    const story = createStory();
    const grant = live(story, { at: week.to - 10 * minute });
    const before = story.bodies.filter(({ ts }) => Date.parse(ts) < week.to);
    const later = reportOf(story.bodies);
    expect(later.grants).toMatchObject([{ id: grant, endedAt: null, leases: [{ revokedAt: null }] }]);
    expect(later).toEqual(reportOf(before));
  });

  it('tells an event at the first instant of the period from one at its last', () => {
    const story = createStory();
    for (const at of [week.from - 1, week.from, week.to - 1, week.to])
      story.tell(at, 'clock.step', { by_ms: 5 });
    expect(reportOf(story.bodies).population).toMatchObject({
      events: 2,
      ranges: [{ first: '1', last: '2', events: 2, gaps: 0, otherTimes: 0 }],
    });
  });

  it('names a credential that nobody had approved', () => {
    const story = createStory();
    const deadline = new Date(monday).toISOString();
    const intent = { provider: 'p', name: 'n', facts: {}, deadline, hard_deadline: deadline };
    story.tell(monday, 'lease.intent', intent, { grant: 'g-unknown', lease: 'l' });
    const { population, controls } = reportOf(story.bodies);
    expect(population.credentials.unapproved).toEqual(['0']);
    expect(controls.find(({ id }) => id === 'CC6.1')).toMatchObject({
      standing: 'exceptions',
      exceptions: 1,
    });
  });
});

describe('the sequence of a report', () => {
  it('counts numbers that no event has', () => {
    const { bodies } = motley();
    const { population, controls } = reportOf(bodies.filter(({ seq }) => seq !== '5' && seq !== '6'));
    expect(population.ranges).toMatchObject([{ gaps: 2 }]);
    expect(controls.find(({ id }) => id === 'A.8.15')).toMatchObject({ exceptions: 2 });
  });

  it('takes an event of another time in between for no gap', () => {
    const story = createStory();
    story.tell(monday, 'clock.step', { by_ms: -day });
    story.tell(week.from - hour, 'clock.step', { by_ms: day });
    story.tell(monday, 'clock.step', { by_ms: 1 });
    expect(reportOf(story.bodies).population.ranges).toMatchObject([{ gaps: 0, otherTimes: 1, events: 2 }]);
  });

  it('names events of an older log by that log', () => {
    const { bodies } = motley();
    const [first] = reportOf(bodies, { newest: 'jit.0123456789abcdef/2' }).grants;
    expect(first?.requestedEvent).toBe('jit.0123456789abcdef:1');
  });
});

describe('the timeliness of a report', () => {
  it('has percentiles by nearest rank', () => {
    const story = createStory();
    for (let index = 1; index <= 20; index += 1) live(story, { at: monday + index * hour, late: index });
    expect(reportOf(story.bodies).timeliness.late).toEqual({ count: 20, p50Ms: 10, p95Ms: 19, maxMs: 20 });
  });

  it('lists what was later than the threshold, and not what was exactly that late', () => {
    const story = createStory();
    live(story, { late: minute });
    const late = live(story, { at: monday + hour, late: minute + 1 });
    const { timeliness } = reportOf(story.bodies);
    expect(timeliness.above.map(({ grant }) => grant)).toEqual([late]);
    expect(timeliness.thresholdMs).toBe(minute);
  });

  it('lists what was not gone when the period ended, with the time since its deadline', () => {
    const { timeliness } = reportOf(motley().bodies);
    const deadlineAt = monday + 2 * hour + 30 * minute;
    expect(timeliness.open).toMatchObject([{ grant: 'g3', deadlineAt, lateMs: week.to - deadlineAt }]);
    expect(timeliness.overdue).toBe(2);
  });
});

describe('what befell the log', () => {
  it('is told with the time that the shared store was away', () => {
    const { operation, findings } = reportOf(motley().bodies);
    expect(operation).toMatchObject({
      incidents: [{ type: 'revoke.unaudited', what: expect.stringContaining('2 lost') }],
      clock: [{ byMs: -90_000 }],
      unsynced: [{ events: 7, from: monday + 5 * hour, until: monday + 6 * hour }],
      unsyncedMs: hour,
    });
    expect(findings).toMatchObject([
      { kind: 'owned-object', grant: 'g1', event: expect.stringMatching(/^\d+$/) },
    ]);
  });

  it('counts a time without the shared store that is not over up to the end', () => {
    const story = createStory();
    const since = new Date(week.to - hour).toISOString();
    story.tell(week.to - minute, 'sync.behind', { events: 1, since, code: null });
    expect(reportOf(story.bodies).operation).toMatchObject({ unsyncedMs: hour, unsynced: [{ until: null }] });
  });
});

describe('the policy of a report', () => {
  it('is the one before the period and its changes, not each load', () => {
    const story = createStory();
    const load = (at: number, digest: string) =>
      story.tell(at, 'policy.load', { digest, path: 'p', targets: 1, entitlements: 1 });
    load(week.from - day, 'p0');
    load(monday, 'p0');
    load(monday + 1, 'p1');
    load(monday + 2, 'p1');
    live(story, { at: monday + hour, policy: 'p1' });
    live(story, { at: monday + 2 * hour, policy: 'p9' });
    const { policy, controls } = reportOf(story.bodies);
    expect(policy).toMatchObject({ before: { digest: 'p0' }, changes: [{ digest: 'p1' }], loads: 3 });
    expect(policy.used.map(({ digest, isKnown }) => [digest, isKnown])).toEqual([
      ['p1', true],
      ['p9', false],
    ]);
    expect(controls.find(({ id }) => id === 'A.5.15')).toMatchObject({ exceptions: 1 });
  });
});

describe('anomalies of a report', () => {
  function burst(isRecorded: boolean) {
    const story = createStory();
    for (let index = 0; index < 4; index += 1) story.granted(monday + index * minute);
    const evidence = story.bodies.filter(({ type }) => type === 'grant.approved').map(({ seq }) => seq);
    const told = {
      rule: 'activation-burst',
      severity: 'medium',
      why: 'w',
      evidence,
      action: 'notify',
    } as const;
    if (isRecorded) story.tell(monday + hour, 'anomaly.found', told);
    return reportOf(story.bodies).anomalies;
  }
  const count = ({ rules }: ReturnType<typeof burst>) => {
    const one = rules.find(({ rule }) => rule === 'activation-burst');
    return [one?.recorded, one?.replayed];
  };

  it('are found by the rules where no event tells them, and marked', () => {
    const found = burst(false);
    expect(count(found)).toEqual([0, 1]);
    expect(found.found).toMatchObject([{ rule: 'activation-burst', isReplayed: true, event: null }]);
  });

  it('are told once where an event tells them', () => {
    const found = burst(true);
    expect(count(found)).toEqual([1, 0]);
    expect(found.found).toMatchObject([{ isReplayed: false, event: '8' }]);
  });

  it('know what was before the period', () => {
    const story = createStory();
    for (let index = 0; index < 4; index += 1) story.granted(week.from - 5 * minute + index * 100 * 1_000);
    expect(reportOf(story.bodies).anomalies.found.map(({ rule }) => rule)).toContain('activation-burst');
  });
});

describe('the sample', () => {
  it('is what anybody draws again with SHA-256 alone', () => {
    const { bodies } = motley();
    const { sample, grants } = reportOf(bodies, { sample: 2, seed: '4711' });
    const mark = (id: string) => createHash('sha256').update(`4711:${id}`).digest('hex');
    const expected = grants.map(({ id }) => id).toSorted((one, other) => (mark(one) < mark(other) ? -1 : 1));
    expect(sample).toEqual({ size: 2, seed: '4711', grants: expected.slice(0, 2) });
  });

  it('is drawn by the hash of the last event where nobody names a seed', () => {
    expect(reportOf([], { seed: null }).sample.seed).toBe(verified.head.slice(0, 16));
  });
});

it('a report on nothing says so', () => {
  const { population, timeliness, activity, controls } = reportOf([]);
  expect(population).toMatchObject({ events: 0, requests: 0, ranges: [] });
  expect(timeliness.late).toEqual({ count: 0, p50Ms: null, p95Ms: null, maxMs: null });
  expect(activity.slots).toHaveLength(7);
  expect(controls.filter(({ standing }) => standing === 'exceptions')).toEqual([]);
});

it('a log that does not verify is an exception of every control that rests on it', () => {
  const problem = { seq: 7, what: 'broken' };
  const { controls } = reportOf([], { verification: { ...verified, valid: false, problem } });
  const standing = new Map(controls.map(({ id, standing: one }) => [id, one]));
  expect([standing.get('A.8.15'), standing.get('AU-9(3), AU-10')]).toEqual(['exceptions', 'exceptions']);
});
