// A log told in short for tests of the report, and the report of it.

import type { EventBody, EventData } from '../../../src/audit/event.ts';
import { createCollector, type ReportOptions } from '../../../src/audit/report/collect.ts';
import type { Printing } from '../../../src/audit/report/document.ts';
import type { Report, Verification } from '../../../src/audit/report/report.ts';
import type { Instant } from '../../../src/core/time.ts';
import { createStory, hour, minute, monday, type Story, type Wish } from '../rules/story.ts';

/** A week from a Monday, 00:00 UTC. */
export const week = { from: monday - 10 * hour, to: monday - 10 * hour + 7 * 24 * hour };

export const verified: Verification = {
  valid: true,
  events: 0,
  head: 'ab'.repeat(32),
  problem: null,
  firstAt: week.from,
  lastAt: week.to,
  clockSteps: 0,
  logs: [
    {
      origin: 'jit.0123456789abcdef',
      events: 0,
      root: 'cd'.repeat(32),
      signed: 0,
      keys: [],
      fork: null,
      checkpoint: null,
    },
  ],
};

/** A grant from request to confirmed removal. */
export interface Life extends Wish {
  readonly at?: Instant;
  /** How long after its deadline the credential was gone; null: it never was. */
  readonly late?: number | null;
  readonly overdue?: boolean;
}

export function live(story: Story, { at = monday, late = 0, overdue = false, ...wish }: Life = {}): string {
  const { duration = 30 * minute, principal = 'user:ada', target = 'prod-db' } = wish;
  const grant = story.granted(at, wish);
  const names = { principal, target, grant, lease: `l-${grant}` };
  const deadline = new Date(at + duration).toISOString();
  const name = `jit_${grant}`;
  const intent = { provider: 'postgres', name, facts: {}, deadline, hard_deadline: deadline };
  story.tell(at + 1, 'lease.intent', intent, names);
  story.tell(at + 2, 'lease.issued', { name, facts: {}, deadline, expires: deadline }, names);
  const end = at + duration;
  story.tell(end, 'lease.revoking', { cause: 'expired' }, names);
  story.tell(end, 'grant.ended', { cause: 'expired', used_ms: duration }, { principal, target, grant });
  const failed = { cause: 'expired', attempts: 2, code: 'ERR_TARGET_UNREACHABLE' } as const;
  if (overdue) story.tell(end + 5_000, 'lease.overdue', failed, names);
  const gone: EventData['lease.revoked'] = { cause: 'expired', attempts: 1, late_ms: late ?? 0 };
  if (late !== null) story.tell(end + late, 'lease.revoked', gone, names);
  return grant;
}

export function reportOf(
  bodies: readonly EventBody[],
  options: Partial<ReportOptions> & { verification?: Verification } = {},
): Report {
  const { verification = verified, ...rest } = options;
  const newest = 'jit.0123456789abcdef';
  const collector = createCollector({
    version: '1.2.3',
    newest,
    period: week,
    sample: 5,
    seed: 'x',
    ...rest,
  });
  for (const body of bodies) collector.see(body);
  return collector.result(verification);
}

/** A week with a bit of everything, some of it hostile. */
export function motley(): Story {
  const story = createStory();
  story.tell(week.from, 'policy.load', {
    digest: 'p1',
    path: '/etc/jit/jit.yaml',
    targets: 2,
    entitlements: 3,
  });
  live(story, { reason: '<script>alert(1)</script> & "quotes" | `pipes`', late: 20 });
  live(story, {
    at: monday + hour,
    principal: 'user:<img src=x onerror=1>',
    target: 'a"b',
    late: 4 * hour,
    overdue: true,
  });
  live(story, { at: monday + 2 * hour, late: null, overdue: true });
  story.denied(monday + 3 * hour, { reason: 'line one\nline two \u202e evil' });
  const finding = {
    kind: 'owned-object',
    where: 'orders/public.</td><b>',
    detail: 'table',
    action: 'dropped',
  };
  story.tell(monday + 4 * hour, 'lease.finding', finding, { target: 'prod-db', grant: 'g1', lease: 'l-g1' });
  story.tell(monday + 4 * hour, 'clock.step', { by_ms: -90_000 });
  story.tell(monday + 5 * hour, 'revoke.unaudited', { lost: 2, code: 'ERR_AUDIT_UNAVAILABLE' });
  const since = new Date(monday + 5 * hour).toISOString();
  story.tell(monday + 5 * hour, 'sync.behind', { events: 7, since, code: null });
  story.tell(monday + 6 * hour, 'sync.caught_up', { size: 9 });
  return story;
}

export const printing: Printing = {
  printedAt: week.to,
  digest: 'ef'.repeat(32),
  isWhole: false,
  file: null,
  heads: 0,
};
