// A report as the command asks for it, from a real log file.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { usualYear, writeTeamYear } from '../../../bench/team-year.ts';
import { auditReport } from '../../../src/broker/offline/audit-report.ts';
import type { ReportRequest } from '../../../src/protocol/report.ts';
import { open, start, step, temporaryPath } from '../../store/support.ts';

const usual: ReportRequest = {
  from: null,
  to: null,
  format: 'json',
  file: null,
  output: null,
  sample: 3,
  seed: null,
};

async function run(request: Partial<ReportRequest>) {
  let text = '';
  const told: string[] = [];
  const reply = await auditReport(
    { ...usual, ...request },
    {
      progress: (what, done, total) => void told.push(`${what} ${done}/${total}`),
      take: async (part) => {
        text += part;
      },
    },
  );
  return { reply, text, told };
}

function small(count = 3): string {
  const file = temporaryPath();
  const store = open(file);
  store.commit((tx) => {
    for (let index = 0; index < count; index += 1) tx.append(step(`s${index}`));
  });
  store.close();
  return file;
}

/** Eight weeks of a small team. */
function team(): string {
  const file = temporaryPath();
  writeTeamYear(file, { ...usualYear, grants: 400, people: 12, to: usualYear.from + 56 * 86_400_000 });
  return file;
}

test('is the same for the same log, and has the digest that it tells', async () => {
  const file = team();
  const { reply, text } = await run({ file });
  expect(reply).toMatchObject({ valid: true, requests: 400, problem: null });
  expect(createHash('sha256').update(text).digest('hex')).toBe(reply.digest);
  const html = await run({ file, format: 'html' });
  expect(html.reply.digest).toBe(reply.digest);
  expect(html.text).toContain(reply.digest);
  const { from, to } = reply;
  expect((await run({ file, from, to })).text).toBe(text);
});

test('has the whole year of a team, that adds up', async () => {
  const report = JSON.parse((await run({ file: team() })).text);
  const { population, verification, timeliness, controls } = report;
  expect(verification).toMatchObject({ valid: true, problem: null });
  expect(verification.logs[0].signed).toBe(verification.events);
  expect(verification.logs[0].checkpoint).toContain(`\n${verification.events}\n`);
  expect(population.ranges).toMatchObject([{ gaps: 0, first: '0', events: verification.events }]);
  expect(population.approved + population.denied).toBe(400);
  const { before, begun, gone, after } = population.credentials;
  expect(before + begun).toBe(gone + after);
  expect(timeliness.late.count).toBe(gone);
  expect(controls).toHaveLength(14);
  expect(controls.find(({ id }: { id: string }) => id === 'A.5.15').exceptions).toBe(0);
  expect(report.sample.grants).toHaveLength(3);
});

test('tells how far it is', async () => {
  const { told } = await run({ file: small(2_500) });
  expect(told).toEqual(['Reading 0/2501', 'Reading 1000/2501', 'Reading 2000/2501', 'Writing 0/1']);
});

test('writes a file for its owner alone, whole or not at all', async () => {
  const file = small();
  const output = path.join(path.dirname(file), 'report.html');
  writeFileSync(output, 'an older report');
  const { reply, text } = await run({ file, output, format: 'html' });
  expect(reply.output).toBe(output);
  expect(text).toBe('');
  expect(statSync(output).mode & 0o777).toBe(0o600);
  expect(readFileSync(output, 'utf8')).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
  const nowhere = path.join(path.dirname(file), 'missing', 'report.html');
  // Before a long log is read for it.
  const told: string[] = [];
  const early = auditReport(
    { ...usual, file: small(2_500), output: nowhere, format: 'html' },
    { progress: (what) => void told.push(what), take: async () => undefined },
  );
  await expect(early).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: expect.stringContaining('the folder does not exist'),
    hint: expect.stringContaining('mkdir -p'),
  });
  expect(told).toEqual([]);
  expect(existsSync(`${output}.part`)).toBe(false);
});

test('tells of a changed log what was before the change, and that it was changed', async () => {
  const file = small(10);
  const db = new Database(file);
  db.unsafeMode(true);
  const body = db.prepare<[], Buffer>('SELECT body FROM ev WHERE seq = 6').pluck().get() ?? Buffer.alloc(0);
  db.prepare('UPDATE ev SET body = ? WHERE seq = 6').run(Buffer.from(String(body).replace('s5', 'sX')));
  db.close();
  const { reply, text } = await run({ file });
  expect(reply).toMatchObject({ valid: false, problem: { seq: 6 } });
  expect(JSON.parse(text)).toMatchObject({ population: { events: 6 }, verification: { valid: false } });
  expect((await run({ file, format: 'html' })).text).toContain('The log is NOT whole: event 6');
});

test.each([8_640_000_000_000_000n, 9_007_199_254_740_000n, -9_007_199_254_740_000n])(
  'tells of a log with an impossible time in it (%s) what was before',
  async (time) => {
    const file = small(10);
    const db = new Database(file);
    db.unsafeMode(true);
    db.prepare('UPDATE ev SET ts_ms = ? WHERE seq = 6').run(time);
    db.close();
    const { reply, text } = await run({ file, format: 'html' });
    expect(reply).toMatchObject({ valid: false, problem: { seq: 6 } });
    expect(text.length).toBeLessThan(500_000);
  },
);

test.each<[string, Partial<ReportRequest>]>([
  ['no file', { file: '/nowhere/jit.db' }],
  ['a period that ends before it begins', { from: start, to: start - 1_000 }],
  ['a period of nothing', { from: start, to: start }],
])('refuses %s', async (_what, request) => {
  await expect(run({ file: small(), ...request })).rejects.toMatchObject({ code: 'ERR_USAGE' });
});
