// Rules about credentials and about the log itself: each with a case on either side of its line.

import { describe, expect, test } from 'vitest';
import { createStory, day, findings, hour, minute, monday, type Story, second } from './story.ts';

const names = { principal: 'user:ada', target: 'prod-db', grant: 'g1', lease: 'l1' };
const iso = (at: number) => new Date(at).toISOString();

describe('an overdue revocation', () => {
  const revoking = () => {
    const story = createStory();
    story.tell(monday, 'lease.revoking', { cause: 'expired' }, names);
    return story;
  };

  test('is told a minute after it began, and again as critical after five', () => {
    expect(findings('overdue-revocation', revoking(), { until: monday + minute - 1 })).toEqual([]);
    const late = findings('overdue-revocation', revoking(), { until: monday + minute });
    expect(late).toMatchObject([{ severity: 'high', evidence: ['0'], lease: 'l1', at: monday + minute }]);
    const story = revoking();
    story.tell(monday + 2 * minute, 'broker.stop', { cause: 'idle', open_leases: 1 });
    const all = findings('overdue-revocation', story, { until: monday + 5 * minute });
    expect(all.map(({ severity }) => severity)).toEqual(['high', 'critical']);
  });

  test('is none that was confirmed in time, however late somebody looks', () => {
    const story = revoking();
    story.tell(monday + 59 * second, 'lease.revoked', { cause: 'expired', attempts: 2, late_ms: 9 }, names);
    expect(findings('overdue-revocation', story, { until: monday + day })).toEqual([]);
  });

  test('is what the broker calls so, at once and once', () => {
    const story = revoking();
    const data = { cause: 'expired', attempts: 1, code: 'ERR_TARGET_UNREACHABLE' } as const;
    story.tell(monday + 5 * second, 'lease.overdue', data, names);
    story.tell(monday + 9 * second, 'lease.overdue', data, names);
    expect(findings('overdue-revocation', story, { until: monday + 2 * minute })).toHaveLength(1);
  });
});

describe('a credential that nobody can take back before its own end', () => {
  const end = monday + hour;
  const waiting = () => {
    const story = createStory();
    story.tell(monday, 'lease.revoking', { cause: 'revoked' }, names);
    const facts = { until: iso(end), hard_deadline: iso(end), held_by_nobody: false };
    story.tell(monday + second, 'lease.step', { step: 'cannot-be-withdrawn', facts }, names);
    return story;
  };

  test('is overdue from its own end on, and a minute for the clock of the target, not before', () => {
    expect(findings('overdue-revocation', waiting(), { until: end + 2 * minute - 1 })).toEqual([]);
    expect(findings('overdue-revocation', waiting(), { until: end + 2 * minute })).toMatchObject([
      { severity: 'high', evidence: ['0'] },
    ]);
    expect(findings('overdue-revocation', waiting(), { until: end + 6 * minute })).toMatchObject([
      { severity: 'critical' },
    ]);
  });

  test('is overdue when the broker says so, and as any other where its end is no time', () => {
    const story = waiting();
    const data = { cause: 'revoked', attempts: 9, code: 'ERR_REVOKE_INCOMPLETE' } as const;
    story.tell(monday + minute, 'lease.overdue', data, names);
    expect(findings('overdue-revocation', story)).toHaveLength(1);
    const odd = createStory();
    odd.tell(monday, 'lease.revoking', { cause: 'revoked' }, names);
    odd.tell(monday, 'lease.step', { step: 'cannot-be-withdrawn', facts: { hard_deadline: 'soon' } }, names);
    expect(findings('overdue-revocation', odd, { until: monday + minute })).toHaveLength(1);
  });
});

test('a clock that ran ahead and was set back does not blind what waits for time', () => {
  const story = createStory();
  const ahead = monday + 3650 * day;
  story.tell(ahead, 'broker.start', { version: '1', pid: 1, hardening: {}, recovered: 0 });
  story.tell(ahead, 'lease.revoking', { cause: 'expired' }, names);
  story.tell(monday, 'clock.step', { by_ms: monday - ahead });
  expect(findings('overdue-revocation', story, { until: monday + minute - 1 })).toEqual([]);
  expect(findings('overdue-revocation', story, { until: monday + minute })).toHaveLength(1);
});

describe('a use after the end', () => {
  const ended = (then: (story: Story) => void) => {
    const story = createStory();
    story.tell(monday, 'grant.ended', { cause: 'revoked', used_ms: 1 }, names);
    story.tell(monday, 'lease.revoked', { cause: 'revoked', attempts: 1, late_ms: 1 }, names);
    then(story);
    return findings('use-after-end', story);
  };

  test('is a credential that is served later than a minute after it', () => {
    const served = (gap: number) =>
      ended((story) => story.tell(monday + gap, 'lease.served', { count: 1 }, names));
    expect(served(minute)).toEqual([]);
    expect(served(minute + 1)).toMatchObject([{ severity: 'critical', evidence: ['1', '2'] }]);
  });

  test('is a command that begins then', () => {
    const data = { kind: 'command', pid: 1, argv: null } as const;
    expect(ended((story) => story.tell(monday + hour, 'command.started', data, names))).toHaveLength(1);
    const other = { ...names, grant: 'g2', lease: 'l2' };
    expect(ended((story) => story.tell(monday + hour, 'command.started', data, other))).toEqual([]);
  });

  test('is more than twenty refusals, told once', () => {
    const refused = (...counts: number[]) =>
      ended((story) => {
        for (const count of counts)
          story.tell(monday + hour, 'lease.refused', { why: 'ended', count }, names);
      });
    expect(refused(10, 10)).toEqual([]);
    expect(refused(10, 11, 5)).toMatchObject([{ severity: 'medium', evidence: ['1', '3'] }]);
  });

  test('is no use before it', () => {
    const story = createStory();
    story.tell(monday, 'lease.served', { count: 5 }, names);
    story.tell(monday, 'lease.refused', { why: 'not yours', count: 500 }, names);
    expect(findings('use-after-end', story)).toEqual([]);
  });
});

describe('an idle lease', () => {
  const issued = (length: number, handed: object = { endpoints: 1 }) => {
    const story = createStory();
    const data = { name: 'n', facts: {}, deadline: iso(monday + length), expires: iso(monday + 2 * length) };
    story.tell(monday, 'lease.issued', data, names);
    const handOut = { variables: [], files: [], secrets: false, ...handed };
    story.tell(monday, 'lease.handed_out', handOut, names);
    return story;
  };

  test('is told at half of its time, once', () => {
    expect(findings('lease-idle', issued(hour), { until: monday + 30 * minute - 1 })).toEqual([]);
    expect(findings('lease-idle', issued(hour), { until: monday + 30 * minute })).toMatchObject([
      { severity: 'low', evidence: ['0'], grant: 'g1' },
    ]);
    const story = issued(hour);
    story.tell(monday + 40 * minute, 'lease.step', { step: 's', facts: {} }, names);
    expect(findings('lease-idle', story, { until: monday + 50 * minute })).toHaveLength(1);
  });

  test('is none that was used, whose uses nobody sees, or that is short', () => {
    const used = issued(hour);
    used.tell(monday + minute, 'lease.served', { count: 1 }, names);
    expect(findings('lease-idle', used, { until: monday + 50 * minute })).toEqual([]);
    expect(findings('lease-idle', issued(hour, {}), { until: monday + day })).toEqual([]);
    expect(
      findings('lease-idle', issued(hour, { endpoints: 1, secrets: true }), { until: monday + day }),
    ).toEqual([]);
    expect(findings('lease-idle', issued(10 * minute - 1), { until: monday + day })).toEqual([]);
    expect(findings('lease-idle', issued(10 * minute), { until: monday + day })).toHaveLength(1);
  });
});

describe('a lagging store', () => {
  const behind = () => {
    const story = createStory();
    story.tell(monday, 'sync.behind', { events: 3, since: iso(monday - minute), code: null });
    return story;
  };

  test('is told when its oldest event waits for more than a quarter of an hour, once', () => {
    expect(findings('log-behind', behind(), { until: monday + 14 * minute })).toEqual([]);
    expect(findings('log-behind', behind(), { until: monday + 14 * minute + 1 })).toMatchObject([
      { evidence: ['0'] },
    ]);
    const story = behind();
    story.tell(monday + hour, 'sync.behind', { events: 9, since: iso(monday - minute), code: null });
    expect(findings('log-behind', story, { until: monday + day })).toHaveLength(1);
  });

  test('is none that caught up', () => {
    const story = behind();
    story.tell(monday + 10 * minute, 'sync.caught_up', { size: 9 });
    expect(findings('log-behind', story, { until: monday + day })).toEqual([]);
  });
});

describe('single events', () => {
  const stepped = (by: number) => {
    const story = createStory();
    story.tell(monday, 'clock.step', { by_ms: by });
    return findings('clock-step', story);
  };

  test('a clock that was set by more than two seconds, either way', () => {
    expect(stepped(2_000)).toEqual([]);
    expect(stepped(2_001)).toMatchObject([{ why: 'the clock was set forward by 2.001 seconds' }]);
    expect(stepped(-90_000)).toMatchObject([{ why: 'the clock was set back by 90 seconds' }]);
  });

  test('a log that was rolled back, and none that was opened', () => {
    const head = { origin: 'jit.0123456789abcdef', size: 4, root: 'a'.repeat(64) };
    const story = createStory();
    story.tell(monday, 'log.open', { version: '1', previous: head });
    expect(findings('log-tampering', story)).toEqual([]);
    story.tell(monday, 'log.rollback_detected', { from: 'file', known: head, size: 1 });
    story.tell(monday, 'log.fork', { reason: 'r', previous: head, known: null });
    expect(findings('log-tampering', story).map(({ evidence }) => evidence)).toEqual([['1'], ['2']]);
  });

  test('a shared store that lost what it had acknowledged: high, for what is here is sent again', () => {
    const story = createStory();
    story.tell(monday, 'sync.caught_up', { size: 98 });
    expect(findings('log-tampering', story)).toEqual([]);
    const origin = 'jit.0123456789abcdef';
    story.tell(monday, 'store.rollback_detected', { origin, acknowledged: 98, found: 84 });
    expect(findings('log-tampering', story)).toMatchObject([
      { severity: 'high', why: expect.stringContaining('restored from a backup'), evidence: ['1'] },
    ]);
  });

  test('a second fork, whose events have the numbers of those of the first', () => {
    const story = createStory();
    const previous = { origin: 'jit.0123456789abcdef', size: 4, root: 'a'.repeat(64) };
    for (const origin of ['jit.0123456789abcdef/2', 'jit.0123456789abcdef/3']) {
      const fork = story.tell(monday, 'log.fork', { reason: 'r', previous, known: null });
      story.bodies[story.bodies.length - 1] = { ...fork, origin, seq: '1' };
    }
    expect(findings('log-tampering', story)).toHaveLength(2);
  });

  test('a credential without a lease, and what was left behind: each told by its own rule', () => {
    const story = createStory();
    for (const kind of [
      'credential-without-lease',
      'third-party-grant',
      'security-definer',
      'owned-object',
    ]) {
      const data = { kind, where: 'w', detail: 'd', action: 'a' };
      story.tell(monday, kind.startsWith('cred') ? 'reconcile.finding' : 'lease.finding', data, names);
    }
    expect(findings('outside-grant', story).map(({ evidence }) => evidence)).toEqual([['0']]);
    expect(findings('left-behind', story).map(({ evidence }) => evidence)).toEqual([['1'], ['2']]);
  });
});
