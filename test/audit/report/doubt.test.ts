// Where a report could claim more than its log shows: periods beyond the log, logs nobody signed, ends nobody confirmed.

import { describe, expect, it } from 'vitest';
import { createCollector } from '../../../src/audit/report/collect.ts';
import { htmlOf } from '../../../src/audit/report/html.ts';
import { markdownOf } from '../../../src/audit/report/markdown.ts';
import type { Report } from '../../../src/audit/report/report.ts';
import { createStory, day, hour, minute, monday, type Story, second } from '../rules/story.ts';
import { live, motley, printing, reportOf, verified, week } from './period.ts';

const html = (report: Report, heads = 0) => [...htmlOf(report, { ...printing, heads })].join('');
/** What is read, without the marks that a screen reader leaves out. */
const wordsOf = (markup: string) =>
  markup
    .replaceAll('<wbr>', '')
    .replace(/<b aria-hidden="true">.<\/b> /gu, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
const text = (report: Report, heads = 0) => wordsOf(html(report, heads).split('<body>')[1] ?? '');
const section = (report: Report, id: string) =>
  wordsOf(html(report).split(`<section id="${id}"`)[1]?.split('</section>')[0] ?? '');
const controlOf = ({ controls }: Report, id: string) => controls.find((one) => one.id === id);
const names = (grant: string) => ({ principal: 'user:ada', target: 'prod-db', grant });

/** A grant of an hour that is revoked after ten minutes, and whose credential never goes. */
function endedEarly(story: Story, at: number): string {
  const grant = story.granted(at, { duration: hour });
  const both = { ...names(grant), lease: `l-${grant}` };
  const deadline = new Date(at + hour).toISOString();
  const intent = { provider: 'postgres', name: 'jit_x', facts: {}, deadline, hard_deadline: deadline };
  story.tell(at + 1, 'lease.intent', intent, both);
  story.tell(at + 2, 'lease.issued', { name: 'jit_x', facts: {}, deadline, expires: deadline }, both);
  story.tell(at + 10 * minute, 'lease.revoking', { cause: 'revoked' }, both);
  story.tell(at + 10 * minute, 'grant.ended', { cause: 'revoked', used_ms: 10 * minute }, names(grant));
  return grant;
}

describe('a credential whose grant ended early', () => {
  it('is not confirmed gone at the end of the period, before its deadline too', () => {
    const story = createStory();
    const grant = endedEarly(story, week.to - 30 * minute);
    const report = reportOf(story.bodies);
    expect(report.timeliness.open).toMatchObject([{ grant, lateMs: 20 * minute }]);
    expect(report.population.credentials).toMatchObject({ after: 1, pastDeadline: 1 });
    expect(controlOf(report, 'CC6.2')).toMatchObject({ standing: 'exceptions', exceptions: 1 });
    expect(report.anomalies.found.map(({ rule }) => rule)).toContain('overdue-revocation');
  });

  it('is listed when its revocation took long, though it was gone before the deadline', () => {
    const story = createStory();
    const grant = endedEarly(story, monday);
    const gone = { cause: 'revoked', attempts: 9, late_ms: 0 } as const;
    story.tell(monday + 50 * minute, 'lease.revoked', gone, { ...names(grant), lease: `l-${grant}` });
    const report = reportOf(story.bodies);
    expect(report.timeliness.above).toMatchObject([{ grant, lateMs: 0, tookMs: 40 * minute }]);
    expect(controlOf(report, 'CC6.2')).toMatchObject({ standing: 'exceptions', exceptions: 1 });
  });
});

describe('a grant with several credentials', () => {
  it('is gone in the register when the last of them is, and as late as the latest', () => {
    const story = createStory();
    const grant = live(story, { late: null });
    const both = { ...names(grant), lease: 'l-second' };
    const deadline = new Date(monday + 30 * minute).toISOString();
    const intent = { provider: 'postgres', name: 'jit_2', facts: {}, deadline, hard_deadline: deadline };
    story.tell(monday + 31 * minute, 'lease.intent', intent, both);
    story.tell(monday + 32 * minute, 'lease.revoked', { cause: 'expired', attempts: 1, late_ms: 7 }, both);
    const report = reportOf(story.bodies);
    const register = section(report, 'register');
    expect(register).toContain('not confirmed');
    expect(register).not.toContain('7 ms');
    expect(section(report, 'sample')).toContain('1 of 2 not on record');
  });
});

describe('what no grant stands behind', () => {
  it('is a credential that is issued when its grant is over', () => {
    const story = createStory();
    const grant = live(story);
    const deadline = new Date(monday + hour).toISOString();
    const intent = { provider: 'postgres', name: 'jit_2', facts: {}, deadline, hard_deadline: deadline };
    const both = { ...names(grant), lease: 'l-late' };
    const { seq } = story.tell(monday + 40 * minute, 'lease.intent', intent, both);
    expect(reportOf(story.bodies).population.credentials.unapproved).toEqual([seq]);
  });

  it('is one that was issued without ever having been announced', () => {
    const story = createStory();
    const deadline = new Date(monday + hour).toISOString();
    const issued = { name: 'n', facts: {}, deadline, expires: deadline };
    story.tell(monday, 'lease.issued', issued, { grant: 'g-unknown', lease: 'l' });
    expect(reportOf(story.bodies).population.credentials.unapproved).toEqual(['0']);
  });

  it('is a grant of which the log has events but no request', () => {
    const story = createStory();
    const before = live(story, { at: week.from - day });
    const gone = { cause: 'expired', attempts: 1, late_ms: 0 } as const;
    story.tell(monday, 'lease.revoked', gone, { ...names('g-lost'), lease: 'l-lost' });
    story.tell(monday + 1, 'lease.revoked', gone, { ...names('g-lost'), lease: 'l-lost' });
    const finding = { kind: 'k', where: 'w', detail: 'd', action: 'a' };
    story.tell(monday + 2, 'lease.finding', finding, { ...names(before), lease: `l-${before}` });
    const report = reportOf(story.bodies);
    expect(report.population.unrequested).toEqual([expect.any(String)]);
    expect(text(report)).toContain('Grants with events, but without a request on record 1: event');
    expect(controlOf(report, 'CC6.1')).toMatchObject({ exceptions: 1 });
  });
});

it('the same name of a grant at two brokers is two grants', () => {
  const story = createStory();
  live(story);
  const other = story.bodies.map((body) => ({ ...body, origin: 'jit.fedcba9876543210' }));
  const { population, grants } = reportOf([...story.bodies, ...other]);
  expect(population).toMatchObject({ requests: 2, credentials: { begun: 2, gone: 2 } });
  expect(grants).toHaveLength(2);
});

describe('a time without the shared store', () => {
  it('that began before the period counts from its beginning', () => {
    const story = createStory();
    const since = new Date(week.from - 9 * day).toISOString();
    story.tell(week.from - 9 * day, 'sync.behind', { events: 1, since, code: null });
    story.tell(week.from + hour, 'sync.caught_up', { size: 9 });
    expect(reportOf(story.bodies).operation.unsyncedMs).toBe(hour);
  });

  it('is one of each broker', () => {
    const story = createStory();
    const since = new Date(monday).toISOString();
    story.tell(monday, 'sync.behind', { events: 1, since, code: null });
    const caught = story.tell(monday + hour, 'sync.caught_up', { size: 9 });
    const { bodies } = story;
    const other = { ...caught, origin: 'jit.fedcba9876543210' };
    const { operation } = reportOf([...bodies.slice(0, 1), other]);
    expect(operation.unsynced).toMatchObject([{ until: null }]);
  });
});

describe('decisions and the policy', () => {
  const load = (story: Story, at: number, digest: string) =>
    story.tell(at, 'policy.load', { digest, path: 'p', targets: 1, entitlements: 1 });

  it('are those on extensions, too', () => {
    const story = createStory();
    load(story, monday, 'p1');
    const grant = story.granted(monday + 1);
    const deadline = new Date(monday + hour).toISOString();
    const extended = { entitlement: 'e', policy: 'p7', deadline, by_ms: 1, reason: null };
    story.tell(monday + 2, 'grant.extended', extended, names(grant));
    expect(reportOf(story.bodies).policy.used).toMatchObject([
      { digest: 'p1', isKnown: true },
      { digest: 'p7', isKnown: false },
    ]);
  });

  it('do not fit a policy that was loaded only afterwards', () => {
    const story = createStory();
    story.granted(monday, { policy: 'p1' });
    load(story, monday + 1, 'p1');
    story.granted(monday + 2, { policy: 'p1' });
    story.granted(monday + 3, { policy: 'p1' });
    const report = reportOf(story.bodies);
    expect(report.policy.used).toEqual([
      { digest: 'p1', decisions: 2, isKnown: true },
      { digest: 'p1', decisions: 1, isKnown: false },
    ]);
    expect(controlOf(report, 'A.5.15')).toMatchObject({ exceptions: 1 });
  });
});

it('a deadline that is no point in time is none', () => {
  const story = createStory();
  const grant = story.granted(monday);
  const never = '2026-99-99T99:99:99Z';
  const intent = { provider: 'p', name: 'n', facts: {}, deadline: never, hard_deadline: never };
  story.tell(monday + 1, 'lease.intent', intent, { ...names(grant), lease: 'l' });
  story.tell(monday + second, 'sync.behind', { events: 1, since: never, code: null });
  const report = reportOf(story.bodies);
  expect(() => html(report)).not.toThrow();
  expect(report.population.credentials.after).toBe(1);
});

describe('the first words of a report', () => {
  const unsigned = reportOf(motley().bodies, { verification: { ...verified, events: 24 } });
  const signed = reportOf(motley().bodies, {
    verification: { ...verified, events: 24, logs: verified.logs.map((log) => ({ ...log, signed: 24 })) },
  });

  it('never call a log whole that nobody signed', () => {
    expect(html(unsigned)).not.toContain('class="verdict good"');
    expect(text(unsigned)).toContain(
      'none of them is signed: whoever could write the file could have made it anew',
    );
  });

  it('say what was not looked at: heads kept elsewhere', () => {
    expect(text(signed, 0)).toContain(
      'No head kept elsewhere was given: a tail that was cut off would not be seen',
    );
    expect(text(signed, 2)).toContain('It leads to 2 heads kept elsewhere');
  });

  it('say that a log is broken before anything else, in the title too', () => {
    const problem = { seq: 7, what: 'broken' };
    const report = reportOf(motley().bodies, { verification: { ...verified, valid: false, problem } });
    expect(html(report)).toContain('<title>NOT WHOLE: Access report');
    const body = html(report).split('<body>')[1] ?? '';
    expect(body.indexOf('The log is NOT whole')).toBeLessThan(body.indexOf('<nav'));
    expect([...markdownOf(report, printing)].join('').slice(0, 300)).toContain('NOT whole');
    expect(report.controls.filter(({ standing }) => standing === 'holds')).toEqual([]);
    expect(html(report).split('id="controls"')[1]).not.toContain('no exception<');
  });

  it.each([
    [
      'began only within the period',
      { firstAt: week.from + day, lastAt: week.to + 1 },
      'Nothing is known of the time before 2026-01-06 00:00:00',
    ],
    [
      'ended within the period',
      { firstAt: week.from - 1, lastAt: week.to - 2 * day },
      'The last event is of 2026-01-10 00:00:00',
    ],
    [
      'ended before the period',
      { firstAt: 0, lastAt: week.from - 1 },
      'No event of the log is in the period',
    ],
    [
      'began after the period',
      { firstAt: week.to, lastAt: week.to + 1 },
      'No event of the log is in the period',
    ],
  ])('say so where the log %s', (_what, times, words) => {
    const report = reportOf([], { verification: { ...verified, events: 3, ...times } });
    expect(text(report).split('Grants')[0]).toContain(words);
  });
});

it('a log that is broken has not ended where it broke', () => {
  const problem = { seq: 7, what: 'broken' };
  const times = { firstAt: week.from - 1, lastAt: week.from + day };
  const report = reportOf([], { verification: { ...verified, ...times, valid: false, problem } });
  expect(text(report)).not.toContain('nothing was written');
});

it('a report on nothing at all can be made of a log without any event', () => {
  const collector = createCollector({ version: '1', newest: 'x', period: week, sample: 1, seed: null });
  expect(() => html(collector.result({ ...verified, logs: [] }))).not.toThrow();
});

describe('names that hide something', () => {
  const seen = (reason: string) => {
    const story = createStory();
    live(story, { reason });
    return section(reportOf(story.bodies), 'register');
  };

  it.each([
    ['a filler without ink', 'ada\u3164', 'ada\\u{3164}'],
    ['a variation selector', 'ada\ufe0f', 'ada\\u{fe0f}'],
    ['a blank that is no blank', 'ada\u00a0', 'ada\\u{a0}'],
    ['a joiner', 'a\u034fda', 'a\\u{34f}da'],
    ['an empty Braille cell', 'ada\u2800', 'ada\\u{2800}'],
    ['a private character', 'ada\ue000', 'ada\\u{e000}'],
  ])('show %s', (_what, reason, expected) => {
    expect(seen(reason)).toContain(expected);
  });

  it('keep what people write: letters, accents, signs', () => {
    expect(seen('Zoë, Łódź, e\u0301té, 東京, עברית, ⚠️ 🚒')).toContain(
      'Zoë, Łódź, e\u0301té, 東京, עברית, ⚠️ 🚒',
    );
  });

  it('pile no marks over other lines', () => {
    expect(seen(`a${'\u0301'.repeat(6)}`)).toContain(`a${'\u0301'.repeat(4)}\\u{301}\\u{301}`);
  });
});

describe('Markdown', () => {
  const markdown = (report: Report) => [...markdownOf(report, printing)].join('');

  it('makes no links of what people typed, and calls nobody', () => {
    const story = createStory();
    live(story, { reason: 'see https://evil.example or www.evil.example, cc @octocat' });
    expect(markdown(reportOf(story.bodies))).toContain(
      'see https\\://evil.example or www\\.evil.example, cc \\@octocat',
    );
  });

  it('lets no signed head end its own block', () => {
    const [log] = verified.logs;
    if (!log) throw new Error('no log');
    const logs = [{ ...log, checkpoint: 'x\n````\n# The log is whole\n' }];
    const report = reportOf([], { verification: { ...verified, valid: false, logs } });
    expect(markdown(report)).toContain('\n`````\nx\n````\n');
  });
});

it('the sample says whose seed it was drawn by', () => {
  const words = 'let the auditor name another';
  expect(section(reportOf(motley().bodies, { seed: null }), 'sample')).toContain(words);
  expect(section(reportOf(motley().bodies, { seed: '4711' }), 'sample')).not.toContain(words);
});

describe('how to verify the report', () => {
  const withHead = (checkpoint: string) => {
    const logs = verified.logs.map((log) => ({ ...log, checkpoint }));
    return section(reportOf([], { verification: { ...verified, logs } }), 'verify');
  };

  it('saves the signed head as a file, and compares the log with it', () => {
    expect(withHead('jit.0123456789abcdef\n9\nAAAA=\n\n— jit.0123456789abcdef BBBB+/=\n')).toContain(
      'cat &gt; report.head &lt;&lt;&#39;END-OF-HEAD&#39; jit.0123456789abcdef 9 AAAA= — jit.0123456789abcdef BBBB+/= END-OF-HEAD jit audit verify &quot;$LOG&quot; --head report.head',
    );
  });

  it('checks a proof by a key of the log that the event is in', () => {
    const [log] = verified.logs;
    if (!log) throw new Error('no log');
    const logs = [
      { ...log, keys: ['old+00000000+AA'] },
      { ...log, origin: `${log.origin}/2`, keys: ['new+00000000+AA'] },
    ];
    const report = reportOf(motley().bodies, {
      newest: `${log.origin}/2`,
      verification: { ...verified, logs },
    });
    const words = section(report, 'verify');
    expect(words).toContain('verify &quot;$LOG&quot; --key new+00000000+AA');
    expect(words).toContain('verify-proof event.tlog-proof --key old+00000000+AA');
  });

  it('puts no head into a command that a shell would take for more than a text', () => {
    expect(withHead('jit.0123456789abcdef\n9\nAAAA=\nEND-OF-HEAD\nrm -r ~\n')).not.toContain('rm -r');
  });
});
