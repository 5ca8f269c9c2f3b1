// Reports as HTML, Markdown and JSON: whole, safe whatever people typed, and readable without a mouse or a script.

import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { htmlOf } from '../../../src/audit/report/html.ts';
import { jsonOf } from '../../../src/audit/report/json.ts';
import { markdownOf } from '../../../src/audit/report/markdown.ts';
import { createStory, minute, monday } from '../rules/story.ts';
import { live, motley, printing, reportOf, verified } from './period.ts';

const voids = new Set(['meta', 'wbr', 'br']);

/** Tags that are not closed in order, attributes that are not quoted, and ids that are not unique. */
function flaws(html: string): string[] {
  const body = html.replace(/<!DOCTYPE html>/, '').replace(/<style>[\s\S]*?<\/style>/, '');
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [whole, slash, name = '', rest = ''] of body.matchAll(
    /<(\/?)([a-zA-Z0-9]+)((?:[^<>"]|"[^"<>]*")*)>/g,
  )) {
    if (slash) {
      if (open.pop() !== name) wrong.push(`${whole} closes another`);
      continue;
    }
    if (!/^(\s+[a-zA-Z-]+[12]?(="[^"]*")?)*\s*\/?$/.test(rest)) wrong.push(`attributes of ${whole}`);
    if (!voids.has(name) && !rest.endsWith('/')) open.push(name);
  }
  const left = body.replace(/<(\/?)([a-zA-Z0-9]+)((?:[^<>"]|"[^"<>]*")*)>/g, '');
  if (/[<>]/.test(left)) wrong.push(`a stray bracket: ${left.slice(left.search(/[<>]/), 40)}`);
  if (/&(?!amp;|lt;|gt;|quot;|#39;)/.test(left)) wrong.push('a stray ampersand');
  const ids = [...body.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  wrong.push(...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `id ${id} twice`));
  return [...wrong, ...open.map((name) => `${name} is not closed`)];
}

const html = (report = reportOf(motley().bodies)) => [...htmlOf(report, printing)].join('');
const many = () => {
  const story = createStory();
  for (let index = 0; index < 600; index += 1) live(story, { at: monday + index * minute, late: 2 * minute });
  return reportOf(story.bodies);
};

describe('the report in HTML', () => {
  it.each([
    ['with a bit of everything', () => reportOf(motley().bodies)],
    ['of nothing', () => reportOf([])],
    ['of many grants', many],
  ])('%s has every tag closed, every attribute quoted, every id once', (_what, report) => {
    expect(flaws(html(report()))).toEqual([]);
  });

  it('takes nothing that people typed for markup', () => {
    const text = html().replaceAll('<wbr>', '');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;');
    expect(text).not.toMatch(/<script|<img|<b>|onerror="/);
    expect(text).toContain('\\u{202e} evil');
    expect(text).not.toContain('\u202e');
  });

  it('asks nobody for anything, and forbids itself to', () => {
    const text = html();
    expect(text).not.toMatch(
      /<[^>]*\s(src|srcset|action|data|background)=|url\(|@import|https?:|javascript:/i,
    );
    expect([...text.matchAll(/href="([^"]*)"/g)].every(([, target]) => target?.startsWith('#'))).toBe(true);
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'sha256-${hash('sha256', style, 'base64')}'`);
    expect(text).not.toMatch(/ style=| on[a-z]+="/);
  });

  it('links only to what is there', () => {
    const text = html();
    const ids = new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
    const targets = [...text.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    const labels = [...text.matchAll(/aria-labelledby="([^"]*)"/g)].flatMap(([, all]) => all?.split(' '));
    expect([...targets, ...labels].filter((id) => !ids.has(id))).toEqual([]);
  });

  it('can be read by a screen reader', () => {
    const text = html();
    expect(text).toMatch(/<html lang="en">/);
    expect(text.match(/<(main|header|footer|nav)\b/g)?.toSorted()).toEqual([
      '<footer',
      '<header',
      '<main',
      '<nav',
    ]);
    expect(text.match(/<h1>/g)).toHaveLength(1);
    const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
    expect(count(/<table/g)).toBe(count(/<caption>/g));
    expect(text).not.toMatch(/<th[^>]*><\/th>/);
    expect(count(/<th\b/g)).toBe(count(/<th scope="(col|row)"/g));
    // A picture each, with a name and a description; what it is made of is no news.
    expect(count(/<figure>/g)).toBe(5);
    expect(count(/role="img"/g)).toBe(5);
    expect(count(/<svg class="chart" role="img" aria-labelledby=/g)).toBe(2);
    expect(count(/<\/title><desc id=/g)).toBe(2);
    expect(count(/<div class="bars[^"]*" role="img" aria-label="[^"]{20,}"/g)).toBe(3);
    expect(count(/<svg class="length"/g)).toBe(count(/<svg class="length"[^>]* aria-hidden="true">/g));
    // Every chart is there as a table, too.
    expect(count(/<details><summary>The same as a table/g)).toBe(5);
  });

  it('cuts names in charts that nobody could read there, and nowhere else', () => {
    const story = createStory();
    live(story, { target: 'x'.repeat(200) });
    const text = html(reportOf(story.bodies));
    expect(text).toContain(`</span>${'x'.repeat(79)}…</li>`);
    expect(text).toContain(`<th scope="row">${'x'.repeat(200)}</th>`);
  });

  it('says in words what a colour says', () => {
    const marked = [
      ...html().matchAll(/<(?:span|p) class="[^"]*(?:good|bad|warn)"><b aria-hidden="true">[✓!✗]<\/b> (.)/gu),
    ];
    expect(marked.length).toBeGreaterThan(5);
    expect(html().match(/<span class="(good|bad|warn)">(?!<b)/g)).toBeNull();
  });

  it('shows a log that is broken in red, first of all', () => {
    const verification = { ...verified, valid: false, problem: { seq: 7, what: 'the hash is <another>' } };
    const text = html(reportOf(motley().bodies, { verification }));
    const banner = /<p class="verdict bad">.*/.exec(text)?.[0] ?? '';
    expect(banner).toContain('The log is NOT whole: event 7: the hash is &lt;another&gt;');
    expect(text).not.toContain('class="verdict good"');
  });

  it('holds the newest of many grants, and says where the others are', () => {
    const text = html(many());
    const register = text.split('id="register"')[1] ?? '';
    expect(register.match(/<th scope="row"><span class="whole">2026-/g)).toHaveLength(250);
    expect(text).toContain('The newest 250 are here. All 600 are in the report as JSON or Markdown');
  });
});

describe('the report in Markdown', () => {
  const markdown = (report = reportOf(motley().bodies)) =>
    [...markdownOf(report, { ...printing, isWhole: true })].join('');

  it('takes nothing that people typed for Markdown or HTML', () => {
    const text = markdown();
    expect(text).toContain('\\<script\\>alert\\(1\\)\\</script\\> \\& "quotes" \\| \\`pipes\\`');
    expect(text).not.toMatch(/(?<!\\)<(?!a id="[a-z]+">|\/a>)/);
  });

  it('has as many cells in each row as in the head of its table', () => {
    const cells = (line: string) => line.replace(/\\\|/g, '').split('|').length;
    const tables = markdown()
      .split('\n\n')
      .map((block) => block.split('\n').filter((line) => line.startsWith('|')));
    expect(tables.filter((lines) => lines.length > 0).length).toBeGreaterThan(10);
    for (const lines of tables) expect(new Set(lines.map(cells)).size).toBeLessThanOrEqual(1);
  });

  it('holds all grants', () => {
    const register = markdown(many()).split('## Register of grants')[1] ?? '';
    expect(register.match(/^\| 2026-/gm)).toHaveLength(600);
  });
});

describe('the report in JSON', () => {
  const json = (report = reportOf(motley().bodies)) => [...jsonOf(report)].join('');

  it('holds all of it, with names and times for programs', () => {
    const report = reportOf(motley().bodies);
    const value = JSON.parse(json(report));
    expect(value).toMatchObject({
      report: 'jit audit report',
      schema: 1,
      period: { from: '2026-01-05T00:00:00.000Z' },
    });
    expect(value.grants).toHaveLength(4);
    expect(value.grants[0]).toMatchObject({
      approved_ms: 1_800_000,
      requested_at: '2026-01-05T10:00:00.000Z',
    });
    expect(value.timeliness.late.p95_ms).toBe(report.timeliness.late.p95Ms);
  });

  it('holds what people typed, and nothing that a terminal would obey', () => {
    const story = createStory();
    const reason = 'a\u009b31m b\u202e c\u2028 "\u001b[0m"';
    live(story, { reason });
    const text = json(reportOf(story.bodies));
    expect(JSON.parse(text).grants[0].reason).toBe(reason);
    expect(text).not.toMatch(/[^\n\x20-\x7e]/);
  });

  it('is the same each time, a grant a line', () => {
    expect(json()).toBe(json());
    expect(
      json(many())
        .split('\n')
        .filter((line) => line.startsWith('{"id":"g')),
    ).toHaveLength(600);
  });
});
