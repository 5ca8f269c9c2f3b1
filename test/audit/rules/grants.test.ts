// Rules about grants: each with a case on either side of its line.

import { describe, expect, test } from 'vitest';
import { createStory, day, findings, hour, minute, monday, second, type Wish } from './story.ts';

describe('activation burst', () => {
  const storyOf = (gaps: readonly number[], wishes: readonly Wish[] = []) => {
    const story = createStory();
    for (const [index, gap] of gaps.entries()) story.granted(monday + gap, wishes[index]);
    return story;
  };

  test('is the fourth grant of a role within a day, and tells all four', () => {
    const found = findings('activation-burst', storyOf([0, 8 * hour, 16 * hour, day]));
    expect(found).toMatchObject([{ severity: 'medium', evidence: ['1', '3', '5', '7'], grant: 'g4' }]);
    expect(found[0]?.why).toBe('prod-db:read was granted to user:ada 4 times in a short time');
  });

  test('is not the fourth a moment later, nor of another role or person', () => {
    expect(findings('activation-burst', storyOf([0, 8 * hour, 16 * hour, day + 1]))).toEqual([]);
    const others = [{}, {}, {}, { role: 'write' }, { principal: 'user:bob' }];
    expect(findings('activation-burst', storyOf([0, 1, 2, 3, 4], others))).toEqual([]);
  });

  test('is none of attempts that came to nothing', () => {
    const story = createStory();
    for (const at of [0, 1, 2]) {
      const grant = story.granted(monday + at);
      const names = { principal: 'user:ada', target: 'prod-db', grant };
      story.tell(monday + at, 'grant.ended', { cause: 'issue-failed', used_ms: 0 }, names);
    }
    for (const at of [3, 4, 5]) story.granted(monday + at);
    expect(findings('activation-burst', story)).toEqual([]);
    story.granted(monday + 6);
    expect(findings('activation-burst', story)).toMatchObject([{ grant: 'g7' }]);
  });

  test('is told again after as many again, not at each', () => {
    expect(findings('activation-burst', storyOf([0, 1, 2, 3, 4, 5, 6]))).toHaveLength(1);
    expect(findings('activation-burst', storyOf([0, 1, 2, 3, 4, 5, 6, 7]))).toHaveLength(2);
  });
});

describe('first time', () => {
  test('is a role that this person never had, once the log is a week old', () => {
    const story = createStory();
    story.granted(monday);
    story.granted(monday + 7 * day, { role: 'write' });
    expect(findings('first-time', story)).toMatchObject([{ evidence: ['3'], severity: 'low' }]);
    const young = createStory();
    young.granted(monday);
    young.granted(monday + 7 * day - 1, { role: 'write' });
    expect(findings('first-time', young)).toEqual([]);
  });

  test.each([
    [90 * day, 0],
    [90 * day + 1, 1],
  ])('is one that they had %i ms ago: %i', (gap, count) => {
    const story = createStory();
    story.granted(monday);
    story.granted(monday + gap);
    expect(findings('first-time', story)).toHaveLength(count);
  });
});

test('a grant that an anomaly ended was no time: the next one is the first again', () => {
  const story = createStory();
  story.granted(monday, { role: 'other' });
  const again = (at: number, cause: 'anomaly' | 'revoked') => {
    const names = { principal: 'user:ada', target: 'prod-db', grant: story.granted(at) };
    story.tell(at, 'grant.ended', { cause, used_ms: 0 }, names);
  };
  again(monday + 8 * day, 'anomaly');
  again(monday + 9 * day, 'revoked');
  again(monday + 10 * day, 'anomaly');
  again(monday + 11 * day, 'revoked');
  expect(findings('first-time', story).map(({ evidence }) => evidence)).toEqual([['3'], ['6']]);
});

describe('off hours', () => {
  /** Grants at 9:00 to 11:00 on working days. */
  const habit = (count: number) => {
    const story = createStory();
    for (let index = 0; index < count; index += 1) {
      const week = Math.floor(index / 5);
      story.granted(monday + (week * 7 + (index % 5)) * day + ((index % 3) - 1) * hour);
    }
    return story;
  };

  test('are those more than one from the hours of twenty past grants', () => {
    const late = habit(20);
    late.granted(monday + 28 * day + 12 * hour);
    expect(findings('off-hours', late)).toMatchObject([
      { why: "prod-db:read was granted at 22 o'clock, outside of what is usual for user:ada" },
    ]);
    const near = habit(20);
    near.granted(monday + 28 * day + 2 * hour);
    expect(findings('off-hours', near)).toEqual([]);
  });

  test('are the same hours on a weekend', () => {
    const story = habit(20);
    story.granted(monday + 26 * day);
    expect(findings('off-hours', story)).toHaveLength(1);
  });

  test('with less of a past are none, unless the policy has hours', () => {
    const hours = { from: 8, to: 18, days: [1, 2, 3, 4, 5] };
    const at = (...times: number[]) => {
      const story = createStory();
      for (const time of times) story.granted(time);
      return story;
    };
    const night = monday + 12 * hour;
    expect(findings('off-hours', at(night))).toEqual([]);
    expect(findings('off-hours', at(night), { hours })).toHaveLength(1);
    expect(findings('off-hours', at(monday - 2 * hour), { hours })).toEqual([]);
    expect(findings('off-hours', at(monday - 2 * hour - 1), { hours })).toHaveLength(1);
    expect(findings('off-hours', at(monday + 8 * hour), { hours })).toHaveLength(1);
    expect(findings('off-hours', at(monday - day), { hours })).toHaveLength(1);
    // 7:59 UTC is 8:59 in Vienna.
    expect(findings('off-hours', at(monday - 2 * hour - 1), { hours, timezone: 'Europe/Vienna' })).toEqual(
      [],
    );
  });
});

describe('denial shopping', () => {
  const denials = (gaps: readonly number[], code: Wish['code'] = 'ERR_POLICY_DENIED') => {
    const story = createStory();
    for (const gap of gaps) story.denied(monday + gap, { code, role: `role${gap}` });
    return story;
  };

  test('is the third denial within ten minutes, whatever was asked for', () => {
    expect(findings('denial-shopping', denials([0, minute, 10 * minute]))).toMatchObject([
      { evidence: ['1', '3', '5'], principal: 'user:ada' },
    ]);
    expect(findings('denial-shopping', denials([0, minute, 10 * minute + 1]))).toEqual([]);
    expect(findings('denial-shopping', denials([0, 1, 2], 'ERR_APPROVAL_PENDING'))).toEqual([]);
  });

  test.each<[string, Wish, Wish, number, number]>([
    ['longer', { duration: hour }, { duration: 2 * hour }, minute, 1],
    ['as long', { duration: hour }, { duration: hour }, minute, 0],
    ['longer, but much later', { duration: hour }, { duration: 2 * hour }, 11 * minute, 0],
    ['without the scope', { scope: 'half', duration: hour }, { duration: hour }, minute, 1],
    ['with a scope', { duration: hour }, { scope: 'half', duration: hour }, minute, 0],
    ['with a reason', { duration: hour }, { reason: 'INC-1 restore', duration: hour }, minute, 0],
  ])('is what was denied and then granted %s', (_what, denied, granted, gap, count) => {
    const story = createStory();
    story.denied(monday, denied);
    story.granted(monday + gap, granted);
    expect(findings('denial-shopping', story)).toHaveLength(count);
  });
});

test('denial shopping is what is longer than any denial, whatever else was denied since', () => {
  const story = createStory();
  story.denied(monday, { duration: hour });
  story.denied(monday + minute, { duration: 30 * hour });
  story.granted(monday + 2 * minute, { duration: 2 * hour });
  expect(findings('denial-shopping', story)).toMatchObject([{ evidence: ['1', '5'] }]);
});

describe('reason reuse', () => {
  const reasons = (texts: readonly string[], gap = minute) => {
    const story = createStory();
    for (const [index, reason] of texts.entries()) story.granted(monday + index * gap, { reason });
    return story;
  };
  const same = ['fix it', 'Fix it!', ' FIX  it', 'fix-it', 'ｆｉｘ it'];

  test('is the fifth time of the same words', () => {
    const found = findings('reason-reuse', reasons(same));
    expect(found).toMatchObject([{ evidence: ['0', '2', '4', '6', '8'] }]);
    expect(findings('reason-reuse', reasons(same.slice(1)))).toEqual([]);
    expect(findings('reason-reuse', reasons([...same.slice(1), 'fix it now']))).toEqual([]);
    expect(findings('reason-reuse', reasons(same, 8 * day))).toEqual([]);
  });

  test('is none of what the configuration offers to choose from', () => {
    const five = ['Weekly check', 'weekly check', 'weekly check!', 'Weekly check', 'Weekly  check'];
    expect(findings('reason-reuse', reasons(five), { offered: ['Weekly check'] })).toEqual([]);
    expect(findings('reason-reuse', reasons(five), { offered: ['Monthly check'] })).toHaveLength(1);
  });

  test('is a reason without a word, of the first time', () => {
    expect(findings('reason-reuse', reasons(['...']))).toHaveLength(1);
    expect(findings('reason-reuse', reasons(['ok']))).toEqual([]);
    expect(findings('reason-reuse', reasons(['修正']))).toEqual([]);
  });
});

describe('creep', () => {
  const usual = (count: number) => {
    const story = createStory();
    for (let index = 0; index < count; index += 1) {
      story.granted(monday + index * day, { principal: `user:u${index}`, duration: hour });
    }
    return story;
  };

  test('is a grant longer than 95 % of at least twenty of its role', () => {
    for (const [count, duration, expected] of [
      [20, hour + second, 1],
      [20, hour, 0],
      [19, 8 * hour, 0],
    ] as const) {
      const story = usual(count);
      story.granted(monday + 30 * day, { duration });
      expect(findings('creep', story)).toHaveLength(expected);
    }
  });

  test('is the fourth extension', () => {
    const story = createStory();
    const grant = story.granted(monday);
    const extend = () =>
      story.tell(
        monday + minute,
        'grant.extended',
        { entitlement: 'e', policy: 'p', deadline: new Date(monday).toISOString(), by_ms: 1, reason: null },
        { principal: 'user:ada', target: 'prod-db', grant },
      );
    for (let count = 0; count < 3; count += 1) extend();
    expect(findings('creep', story)).toEqual([]);
    extend();
    extend();
    expect(findings('creep', story)).toMatchObject([{ evidence: ['2', '3', '4', '5'], grant }]);
  });

  test('is told once, also where as many extensions are usual as a log remembers', () => {
    const story = createStory();
    const names = { principal: 'user:ada', target: 'prod-db', grant: story.granted(monday) };
    const data = { entitlement: 'e', policy: 'p', deadline: new Date(monday).toISOString(), by_ms: 1 };
    for (let count = 0; count < 105; count += 1)
      story.tell(monday, 'grant.extended', { ...data, reason: null }, names);
    expect(findings('creep', story, { extensions: 99 })).toHaveLength(1);
  });

  test('is told for both, a grant that is longer and without its scope', () => {
    const story = createStory();
    for (let index = 0; index < 20; index += 1)
      story.granted(monday + index * day, { scope: 'half', duration: hour });
    story.granted(monday + 30 * day, { duration: 2 * hour });
    expect(findings('creep', story).map(({ why }) => why)).toEqual([
      expect.stringContaining('longer'),
      expect.stringContaining('scope'),
    ]);
  });

  test('is the first grant without a scope after five with one', () => {
    for (const [count, expected] of [
      [5, 1],
      [4, 0],
    ] as const) {
      const story = createStory();
      for (let index = 0; index < count; index += 1) story.granted(monday + index * day, { scope: 'half' });
      story.granted(monday + 20 * day);
      expect(findings('creep', story)).toHaveLength(expected);
    }
  });
});

test('some milliseconds more or less make no grant longer than another', () => {
  const [rather, longer] = [hour - 3, hour + 2];
  const story = createStory();
  const load = (at: number, digest: string) =>
    story.tell(at, 'policy.load', { digest, path: '/c', targets: 1, entitlements: 1 });
  load(monday, 'p1');
  for (let index = 0; index < 20; index += 1)
    story.granted(monday + index * day, { duration: rather, policy: 'p1' });
  load(monday + 20 * day, 'p2');
  story.denied(monday + 20 * day, { duration: rather, policy: 'p2' });
  story.granted(monday + 20 * day, { duration: longer, policy: 'p2' });
  for (const rule of ['policy-change', 'creep', 'denial-shopping'] as const)
    expect(findings(rule, story)).toEqual([]);
});

describe('break-glass', () => {
  test('is a grant by an entitlement for emergencies, and by no other', () => {
    const story = createStory();
    story.granted(monday, { entitlement: 'emergency' });
    story.granted(monday, { entitlement: 'emergency-not' });
    const found = findings('break-glass', story, { entitlements: ['emergency'] });
    expect(found).toMatchObject([{ severity: 'high', evidence: ['1'] }]);
    expect(findings('break-glass', story)).toEqual([]);
  });

  test('is more time by such an entitlement, too', () => {
    const story = createStory();
    const grant = story.granted(monday);
    const data = { policy: 'p1', deadline: new Date(monday + hour).toISOString(), by_ms: 1, reason: null };
    const names = { principal: 'user:ada', target: 'prod-db', grant };
    for (const entitlement of ['e', 'emergency'])
      story.tell(monday, 'grant.extended', { ...data, entitlement }, names);
    expect(findings('break-glass', story, { entitlements: ['emergency'] })).toMatchObject([
      { evidence: ['3'], grant },
    ]);
  });
});

describe('a change of the policy', () => {
  const load = (story: ReturnType<typeof createStory>, at: number, digest: string) =>
    story.tell(at, 'policy.load', { digest, path: '/c', targets: 1, entitlements: 1 });
  const changed = (gap: number, wish: Wish = {}, before: Wish | null = null) => {
    const story = createStory();
    load(story, monday, 'p1');
    if (before) story.granted(monday, { policy: 'p1', ...before });
    load(story, monday + day, 'p2');
    story.granted(monday + day + gap, { policy: 'p2', ...wish });
    return story;
  };

  test('at most an hour before a grant that no earlier policy gave', () => {
    expect(findings('policy-change', changed(hour))).toMatchObject([
      { evidence: ['1', '3'], severity: 'high' },
    ]);
    expect(findings('policy-change', changed(hour + 1))).toEqual([]);
  });

  test('is not told where the same was given before, as long', () => {
    expect(findings('policy-change', changed(1, {}, {}))).toEqual([]);
    expect(findings('policy-change', changed(1, { duration: hour }, {}))).toHaveLength(1);
    expect(findings('policy-change', changed(1, { role: 'write' }, {}))).toHaveLength(1);
  });

  test('is told where it gave a grant more time than an earlier one had', () => {
    const extended = (policy: string, total: number) => {
      const story = createStory();
      load(story, monday, 'p1');
      const grant = story.granted(monday, { policy: 'p1' });
      load(story, monday + minute, 'p2');
      const data = { entitlement: 'e', policy, by_ms: 1, reason: null };
      const deadline = new Date(monday + total).toISOString();
      story.tell(
        monday + 2 * minute,
        'grant.extended',
        { ...data, deadline },
        {
          ...{ principal: 'user:ada', target: 'prod-db', grant },
        },
      );
      return story;
    };
    expect(findings('policy-change', extended('p2', hour))).toMatchObject([{ evidence: ['3', '4'] }]);
    expect(findings('policy-change', extended('p2', 30 * minute))).toEqual([]);
    expect(findings('policy-change', extended('p1', hour))).toEqual([]);
    // What an extension gave before the change is nothing new after it.
    const known = extended('p1', hour);
    known.granted(monday + 3 * minute, { policy: 'p2', duration: hour });
    expect(findings('policy-change', known)).toEqual([]);
  });

  test('is told once per change and role, and at each such grant where the rule ends it', () => {
    const again = changed(1);
    again.granted(monday + day + minute, { policy: 'p2' });
    again.granted(monday + day + 2 * minute, { policy: 'p2', duration: hour });
    expect(findings('policy-change', again)).toMatchObject([{ evidence: ['1', '3'] }]);
    expect(findings('policy-change', again, { mode: 'revoke' })).toHaveLength(3);
    again.granted(monday + day + 3 * minute, { policy: 'p2', role: 'write' });
    load(again, monday + day + 4 * minute, 'p3');
    again.granted(monday + day + 5 * minute, { policy: 'p3', duration: 2 * hour });
    expect(findings('policy-change', again).map(({ evidence }) => evidence)).toEqual([
      ['1', '3'],
      ['1', '9'],
      ['10', '12'],
    ]);
  });

  test('is silent while there is no earlier policy', () => {
    const story = createStory();
    story.granted(monday, { policy: 'p1' });
    load(story, monday + 1, 'p1');
    for (const role of ['read', 'write', 'read']) story.granted(monday + 2, { policy: 'p1', role });
    expect(findings('policy-change', story)).toEqual([]);
  });

  test('is not told where it was taken back to what gave the same before', () => {
    const back = createStory();
    load(back, monday, 'p1');
    back.granted(monday, { policy: 'p1' });
    load(back, monday + minute, 'p2');
    load(back, monday + 2 * minute, 'p1');
    back.granted(monday + 3 * minute, { policy: 'p1' });
    expect(findings('policy-change', back)).toEqual([]);
  });

  test('is no change when a broker starts with the same', () => {
    const story = createStory();
    load(story, monday, 'p1');
    load(story, monday + 1, 'p1');
    story.granted(monday + 2, { policy: 'p1' });
    expect(findings('policy-change', story)).toEqual([]);
  });
});

describe('a crowd of an agent', () => {
  const agent = 'agent:reviewer';
  test('is its fourth grant at once', () => {
    const story = createStory();
    const ids = [0, 1, 2].map((at) => story.granted(monday + at, { principal: agent, role: `r${at}` }));
    expect(findings('agent-crowd', story)).toEqual([]);
    const ended = createStory();
    ended.bodies.push(...story.bodies);
    story.granted(monday + 3, { principal: agent, role: 'r3' });
    expect(findings('agent-crowd', story)).toMatchObject([{ evidence: ['1', '3', '5', '7'] }]);
    const names = { principal: agent, target: 'prod-db', grant: ids[0] ?? '' };
    ended.tell(monday + 3, 'grant.ended', { cause: 'revoked', used_ms: 3 }, names);
    ended.tell(monday + 4, 'grant.requested', requestData(), { ...names, grant: 'g9' });
    ended.tell(monday + 4, 'grant.approved', approvedData(), { ...names, grant: 'g9' });
    expect(findings('agent-crowd', ended)).toEqual([]);
  });

  test('is of agents only', () => {
    const story = createStory();
    for (let at = 0; at < 9; at += 1) story.granted(monday + at, { role: `r${at}` });
    expect(findings('agent-crowd', story)).toEqual([]);
  });
});

const requestData = () => ({
  ...{ role: 'r9', scope: null, duration_ms: null, reason: null, ticket: null },
  ...{ digest: 'd', parent: null, via: 'script' as const, peer: 'uid 1' },
});
const approvedData = () => ({
  ...{ entitlement: 'e', policy: 'p1', duration_ms: hour, why: 'w' },
  deadline: new Date(monday + hour).toISOString(),
});
