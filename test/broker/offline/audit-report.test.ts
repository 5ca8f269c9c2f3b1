// A report as the command asks for it, from a real log file.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { usualYear, writeTeamYear } from '../../../bench/team-year.ts';
import { createSigner } from '../../../src/audit/signer.ts';
import { auditReport } from '../../../src/broker/offline/audit-report.ts';
import type { ReportRequest } from '../../../src/protocol/report.ts';
import { fileHeadKeeper } from '../../../src/store/head-keeper.ts';
import { newOrigin, openStore } from '../../../src/store/open.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { open, start, step, stillClock, temporaryPath } from '../../store/support.ts';

const usual: ReportRequest = {
  from: null,
  to: null,
  format: 'json',
  file: null,
  output: null,
  sample: 3,
  seed: null,
  keys: [],
  heads: [],
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

/** A signed log, a copy of it from before its last commit, its key, and a file with its newest head. */
function keptLog() {
  const file = temporaryPath();
  const origin = newOrigin(systemRandom);
  const signer = createSigner(origin, systemRandom.bytes(32));
  const heads = fileHeadKeeper(path.join(path.dirname(file), 'heads'));
  const older = `${file}.older`;
  for (const name of ['first', 'last']) {
    if (name === 'last') copyFileSync(file, older);
    const store = openStore({ path: file, clock: stillClock, random: systemRandom, origin, signer, heads });
    store.commit((tx) => tx.append(step(name)));
    store.close();
  }
  const head = `${file}.head`;
  writeFileSync(head, heads.known()[0] ?? '');
  return { file, older, origin, key: signer.vkey, head };
}

const stranger = () => createSigner(newOrigin(systemRandom), systemRandom.bytes(32)).vkey;
const page = async (request: Partial<ReportRequest>) =>
  (await run({ ...request, format: 'html' })).text
    .replaceAll('<wbr>', '')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'");

test("without keys and heads says that the key is the log's own word, and has nothing of them in its JSON", async () => {
  const { file, key, origin } = keptLog();
  const { text, reply } = await run({ file });
  expect(Object.keys(JSON.parse(text).verification)).toEqual([
    ...['valid', 'events', 'head', 'first_at', 'last_at', 'clock_steps', 'problem', 'logs'],
  ]);
  expect(text).toContain(`jit audit verify \\"$LOG\\" --json`);
  const html = await page({ file });
  expect(html).toContain('No key was given: the log names its own.');
  expect(html).toContain(`1: ${origin}`);
  expect(html).toContain('named by the log itself');
  expect(html).toContain(`jit audit verify "$LOG" --key ${key}\n`.trimEnd());
  expect(html).not.toContain('HEAD1');
  expect(reply.valid).toBe(true);
});

test('is held against the key and the head that were given, and says so in words, commands and JSON', async () => {
  const { file, key, head, origin } = keptLog();
  const given = { file, keys: [key], heads: [head] };
  const { reply, text } = await run(given);
  expect(reply.valid).toBe(true);
  const report = JSON.parse(text);
  expect(report.verification.elsewhere).toEqual({
    keys: [key],
    heads: [{ origin, size: 3, root: report.verification.logs[0].root, standing: 'led_to' }],
    missing: [],
  });
  const wanted = `jit audit verify "$LOG" --key ${key} --head "$HEAD1"`;
  const controls: { command: string }[] = report.controls;
  expect(controls.some(({ command }) => command.startsWith(`${wanted} --json |`))).toBe(true);
  const html = await page(given);
  expect(html).toContain(`HEAD1=${head}`);
  expect(html).toContain(wanted);
  expect(html).toMatch(/jit audit report --file "\$LOG" [^\n<]* --key \S+ --head "\$HEAD1" --format json/);
  expect(html).toContain('It leads to 1 head kept elsewhere. Its key, or one that signed for it, was given.');
  expect(html).not.toContain('named by the log itself');
  // Where the head lies is nothing that the report says.
  const moved = `${head}.moved`;
  copyFileSync(head, moved);
  expect((await run({ ...given, heads: [moved] })).text).toBe(text);
});

test('is not valid where the key is another, or the log does not lead to the head', async () => {
  const { file, older, key, head } = keptLog();
  const unknown = await run({ file, keys: [stranger()] });
  expect(unknown.reply).toMatchObject({
    valid: false,
    problem: { what: expect.stringMatching(/^the log knows nothing of the key/) },
  });
  expect(unknown.text).not.toContain('"standing":"holds"');
  const given = { file: older, keys: [key], heads: [head] };
  const cut = await run(given);
  expect(cut.reply).toMatchObject({
    valid: false,
    problem: { what: expect.stringContaining('does not lead to the head') },
  });
  expect(JSON.parse(cut.text).verification.elsewhere.heads).toMatchObject([{ standing: 'missed' }]);
  const html = await page(given);
  expect(html).toContain('the log leads to 0 heads kept elsewhere, NOT to 1');
  expect(html).not.toContain('class="verdict good"');
});

test('believes a fork that a head is lost only by a key of that log, and counts such a head apart', async () => {
  const { older: file, head } = keptLog();
  const store = openStore({ path: file, clock: stillClock, random: systemRandom });
  const [origin, size = '', root = ''] = readFileSync(head, 'utf8').split('\n');
  const known = {
    origin: origin ?? '',
    size: Number(size),
    root: Buffer.from(root, 'base64').toString('hex'),
  };
  store.distrust('file', known);
  const next = createSigner(store.nextOrigin, systemRandom.bytes(32));
  store.fork('a disk', next);
  store.close();
  const doubted = { file, heads: [head] };
  expect((await run(doubted)).reply.valid).toBe(false);
  // The key that the log names itself would have the command say another thing than the report.
  expect(await page(doubted)).toContain('jit audit verify "$LOG" --head "$HEAD1"');
  const believed = { file, heads: [head], keys: [next.vkey] };
  const { reply, text } = await run(believed);
  expect(reply.valid).toBe(true);
  expect(JSON.parse(text).verification.elsewhere.heads).toEqual([{ ...known, standing: 'excused' }]);
  expect(await page(believed)).toContain(
    '0 heads kept elsewhere, and not to 1 that a fork has put on record',
  );
});

test.each([
  ['a key', { keys: ['nonsense'] }, '"nonsense" is no key'],
  ['a head', { heads: ['/nowhere.head'] }, 'there is no file "/nowhere.head"'],
])('refuses what is no %s', async (_what, given, message) => {
  const wanted = {
    code: 'ERR_USAGE',
    message,
    hint: expect.stringMatching(/jit audit (report --help|verify shows)/),
  };
  await expect(run({ file: small(), ...given })).rejects.toMatchObject(wanted);
});
