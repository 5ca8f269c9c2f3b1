// An export as the command asks for it: the cursor file, batches, what goes on and what is refused.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { auditExport } from '../../../src/broker/offline/audit-export.ts';
import type { ExportBatch, ExportRequest } from '../../../src/protocol/offline.ts';
import { open, step, temporaryPath } from '../../store/support.ts';

function logOf(count: number) {
  const file = temporaryPath();
  const store = open(file);
  const add = (more: number, name = 's') =>
    store.commit((tx) => {
      for (let index = 0; index < more; index += 1) tx.append(step(name));
    });
  add(count);
  return { file, cursorFile: path.join(path.dirname(file), 'cursor'), store, add };
}

const usual = {
  format: 'jsonl',
  ocsf: '1.8',
  since: null,
  until: null,
  after: null,
  cursorFile: null,
} as const;

async function run(request: Pick<ExportRequest, 'file'> & Partial<ExportRequest>) {
  const batches: ExportBatch[] = [];
  const reply = await auditExport({ ...usual, ...request }, async (batch) => void batches.push(batch));
  const text = batches.map((batch) => batch.text).join('');
  return { reply, batches, text, lines: text.split('\n').slice(0, -1) };
}

const seqOf = (line: string): string => (JSON.parse(line) as { body: { seq: string } }).body.seq;

test('goes on where the last one ended, without a gap and without a double', async () => {
  const { file, cursorFile, store, add } = logOf(3);
  const first = await run({ file, cursorFile });
  expect(first.lines.map(seqOf)).toEqual(['0', '1', '2', '3']);
  expect(first.reply).toEqual({ events: 4, cursor: `${store.origin}:3` });
  expect((await run({ file, cursorFile })).reply).toEqual({ events: 0, cursor: `${store.origin}:3` });
  add(2);
  const second = await run({ file, cursorFile });
  expect(second.lines.map(seqOf)).toEqual(['4', '5']);
  expect((await run({ file })).lines).toEqual([...first.lines, ...second.lines]);
  expect((await run({ file, after: `${store.origin}:4` })).lines).toEqual(second.lines.slice(1));
});

test('exports nothing when the cursor could not be noted, and says what is missing', async () => {
  const { file, cursorFile } = logOf(2);
  const folder = path.join(path.dirname(file), 'later');
  const taken: ExportBatch[] = [];
  const into = (name: string) =>
    auditExport({ ...usual, file, cursorFile: name }, async (batch) => void taken.push(batch));
  await expect(into(path.join(folder, 'c'))).rejects.toMatchObject({
    code: 'ERR_USAGE',
    message: expect.stringContaining('cannot be written: the folder does not exist'),
    hint: `make it: mkdir -p ${folder}`,
  });
  mkdirSync(folder);
  await expect(into(folder)).rejects.toMatchObject({
    message: expect.stringContaining('it is a folder'),
    hint: 'name a file in it',
  });
  await expect(into(path.join(file, 'c'))).rejects.toMatchObject({ code: 'ERR_USAGE' });
  expect(taken).toEqual([]);
  // Seeing that it can be written leaves it as it is, and nothing beside it.
  await run({ file, cursorFile });
  const before = readFileSync(cursorFile, 'utf8');
  await run({ file, cursorFile });
  expect(readFileSync(cursorFile, 'utf8')).toBe(before);
  expect(readdirSync(path.dirname(file)).filter((name) => name.startsWith('.cursor'))).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test('notes the cursor only after its text was taken, and for its owner alone', async () => {
  const { file, cursorFile } = logOf(1_200);
  let taken = 0;
  const broken = auditExport({ ...usual, file, cursorFile }, async () => {
    if (taken === 0) expect(existsSync(cursorFile)).toBe(false);
    taken += 1;
    if (taken === 2) throw new Error('the reader has gone');
  });
  await expect(broken).rejects.toThrow('the reader has gone');
  expect(readFileSync(cursorFile, 'utf8')).toMatch(/^jit\.\w+:499 [0-9a-f]{64}\n$/);
  expect(statSync(cursorFile).mode & 0o777).toBe(0o600);
  expect((await run({ file, cursorFile })).lines.map(seqOf)[0]).toBe('500');
});

test('tells how far it is', async () => {
  const { batches } = await run({ file: logOf(1_200).file });
  expect(batches.map(({ events, done, total }) => [events, done, total])).toEqual([
    [500, 500, 1_201],
    [1_000, 1_000, 1_201],
    [1_201, 1_201, 1_201],
  ]);
});

test('has the header of CSV once in a file that is appended to, also when there is no event yet', async () => {
  const { file, cursorFile } = logOf(2);
  const header = /^origin,seq,time/;
  expect((await run({ file, format: 'csv', cursorFile })).text).toMatch(header);
  expect((await run({ file, format: 'csv', cursorFile })).text).toBe('');
  expect((await run({ file, format: 'csv', until: 0 })).lines).toHaveLength(1);
});

test('has no header of CSV in a file that is appended to before there is an event', async () => {
  const { file, cursorFile } = logOf(2);
  const early = { file, format: 'csv', cursorFile, until: 0 } as const;
  expect((await run(early)).text + (await run(early)).text).toBe('');
  expect((await run({ ...early, until: null })).text.match(/origin,seq,time/g)).toHaveLength(1);
});

test('gives texts that are long in parts', async () => {
  const { file, add } = logOf(0);
  add(300, 'n'.repeat(512));
  const { batches } = await run({ file, format: 'ocsf' });
  expect(Math.max(...batches.map(({ text }) => text.length))).toBeLessThan(1.1 * 1024 * 1024);
});

test.each<[string, Partial<ExportRequest>, string]>([
  ['no file', { file: '/nowhere/jit.db' }, 'ERR_USAGE'],
  ['no cursor', { after: 'yesterday' }, 'ERR_USAGE'],
  ['a cursor of another log', { after: 'jit.0000000000000000:1' }, 'ERR_CONFLICT'],
  ['a cursor and a cursor file', { after: 'jit.0000000000000000:1', cursorFile: '/nowhere/c' }, 'ERR_USAGE'],
  ['a cursor file that cannot be made', { cursorFile: '/nowhere/c' }, 'ERR_USAGE'],
])('refuses %s', async (_what, request, code) => {
  const { file } = logOf(1);
  await expect(run({ file, ...request })).rejects.toMatchObject({ code });
});

test('refuses a file that holds something else as its cursor, and says nothing of what it holds', async () => {
  const { file, cursorFile } = logOf(1);
  writeFileSync(cursorFile, 'hunter2\n');
  const failure = run({ file, cursorFile });
  await expect(failure).rejects.toMatchObject({ code: 'ERR_USAGE' });
  await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
  expect(readFileSync(cursorFile, 'utf8')).toBe('hunter2\n');
});
