// What doctor says of programs, and the text for trying them by hand, which is run as it is.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findProgram } from '../../../src/providers/command/program.ts';
import { temporaryFolder } from '../../fakes/folder.ts';
import { commandWorld, programLine, programToken } from '../../support/command-target.ts';

function script(mode: number, folderMode = 0o700): string {
  const folder = path.join(temporaryFolder(), 'bin');
  mkdirSync(folder);
  const file = path.join(folder, 'program');
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, mode);
  chmodSync(folder, folderMode);
  return file;
}

describe('a program is run only where nobody else could have written it', () => {
  test.each([
    ['a file that others can write', 0o757, 0o700],
    ['a folder that others can write', 0o755, 0o777],
  ])('not %s', (_what, mode, folderMode) => {
    const file = script(mode, folderMode);
    expect(findProgram([file])).toMatchObject({
      problem: expect.stringContaining('can be written by others'),
      remedy: expect.stringMatching(/^chmod go-w \//),
    });
    // The same behind a link, and as the script of an interpreter.
    const link = path.join(temporaryFolder(), 'link');
    symlinkSync(file, link);
    expect(findProgram([link]).problem).toContain('can be written by others');
    expect(findProgram(['/bin/sh', file]).problem).toContain('can be written by others');
  });

  test('nor behind a link that others could replace', () => {
    const file = script(0o755);
    const open = path.join(temporaryFolder(), 'open');
    mkdirSync(open);
    const link = path.join(open, 'link');
    symlinkSync(file, link);
    const inner = path.join(temporaryFolder(), 'inner');
    symlinkSync(link, inner);
    const folder = path.join(temporaryFolder(), 'folder');
    symlinkSync(open, folder);
    for (const one of [link, inner, path.join(folder, 'link')]) {
      chmodSync(open, 0o755);
      expect(findProgram([one])).toEqual({ path: one, problem: null });
      chmodSync(open, 0o777);
      expect(findProgram([one]).problem).toBe(`"${open}" can be written by others`);
      expect(findProgram(['/bin/sh', one]).problem).toBe(`"${open}" can be written by others`);
    }
  });

  test('but one of its owner alone', () => {
    const file = script(0o755);
    expect(findProgram([file])).toEqual({ path: file, problem: null });
    expect(findProgram(['sh'])).toMatchObject({ problem: null });
  });

  test('and only when it can be executed', () => {
    expect(findProgram([script(0o644)]).problem).toContain('is not executable');
    expect(findProgram(['/nowhere/at/all']).problem).toContain('ENOENT');
  });
});

test('doctor names each program, its secrets, and what the target does not do by itself', async () => {
  const world = commandWorld({ confirm: undefined, ends_by_itself: false });
  const checks = await world.provider.check?.(AbortSignal.timeout(20_000));
  expect(checks?.map(({ name, status }) => `${name}: ${status}`)).toEqual([
    'issue program: ok',
    'revoke program: ok',
    'list program: ok',
    'env PROGRAM_TOKEN: ok',
    'end: warning',
    'confirm program: warning',
    'target: ok',
  ]);
});

test('doctor says what is wrong, and runs nothing then', async () => {
  const file = script(0o757);
  const world = commandWorld({ revoke: [file], list: undefined, env: { A_TOKEN: 'env:NOT_THERE' } });
  const checks = await world.provider.check?.(AbortSignal.timeout(20_000));
  expect(checks?.filter(({ status }) => status === 'failed').map(({ name }) => name)).toEqual([
    'revoke program',
    'env A_TOKEN',
  ]);
  expect(checks?.find(({ name }) => name === 'revoke program')?.remedy).toBe(`chmod go-w ${file}`);
});

test('a list program that does not answer is a failed check with its words', async () => {
  const world = commandWorld();
  world.setFault('list', 'refuse');
  const checks = await world.provider.check?.(AbortSignal.timeout(20_000));
  const last = checks?.at(-1);
  expect(last).toMatchObject({ name: 'target', status: 'failed' });
  expect(last?.detail).toContain('refused: no more room');
  expect(last?.detail).not.toContain(programToken);
});

test('what setup prints makes something and takes it back, as it stands', async () => {
  const folder = path.join(temporaryFolder(), "it's here");
  mkdirSync(folder);
  const copy = path.join(folder, 'program.ts');
  copyFileSync(programLine[1] ?? '', copy);
  const line = [process.execPath, copy];
  const world = commandWorld({ issue: line, revoke: line, confirm: line, list: line });
  const text = (await world.provider.setup?.()) ?? '';
  expect(text).toContain('They need PROGRAM_TOKEN, LEDGER in the environment');
  const ran = spawnSync('/bin/sh', ['-ec', text], { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  const answers = ran.stdout
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one));
  expect(answers).toMatchObject([
    { handle: { id: 7 } },
    { items: [{}] },
    { status: 'gone' },
    { status: 'gone' },
  ]);
});
