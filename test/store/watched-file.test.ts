import { copyFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchFiles } from '../../src/store/watched-file.ts';
import { failure } from '../audit/failure.ts';
import { open, step, temporaryPath } from './support.ts';

const write = (urgent: boolean, store: ReturnType<typeof open>) =>
  failure(() => store.commit((tx) => tx.append(step('a')), { urgent }))?.code;

test('a database, or its write-ahead log, that was removed takes no more events, not even urgent ones', () => {
  for (const suffix of ['', '-wal']) {
    const file = temporaryPath();
    const store = open(file);
    rmSync(file + suffix);
    expect([suffix, write(false, store)]).toEqual([suffix, 'ERR_AUDIT_UNAVAILABLE']);
    expect(store.failed).toBe(true);
    expect(write(true, store)).toBe('ERR_AUDIT_UNAVAILABLE');
  }
});

test('a database that was replaced by a copy takes no more events', () => {
  const file = temporaryPath();
  const store = open(file);
  copyFileSync(file, `${file}.copy`);
  renameSync(`${file}.copy`, file);
  expect([write(false, store), write(true, store)]).toEqual(['ERR_AUDIT_INVALID', 'ERR_AUDIT_INVALID']);
  expect(store.failed).toBe(true);
});

test('a change is noticed also after the folder was quiet for long', () => {
  const file = temporaryPath();
  writeFileSync(file, 'a');
  const hour = 3_600_000;
  const fate = watchFiles([file], () => statSync(path.dirname(file)).ctimeMs + hour);
  expect([fate(), fate()]).toEqual(['same', 'same']);
  waitForTick(path.dirname(file));
  writeFileSync(`${file}.other`, 'b');
  expect(fate()).toBe('same');
  waitForTick(path.dirname(file));
  renameSync(`${file}.other`, file);
  expect(fate()).toBe('replaced');
  waitForTick(path.dirname(file));
  rmSync(file);
  expect(fate()).toBe('gone');
});

/** Until the file system would stamp a change with a later time than `folder` has. */
function waitForTick(folder: string): void {
  const before = statSync(folder).ctimeMs;
  for (let look = 0; look < 100_000; look += 1) {
    const probe = mkdtempSync(path.join(tmpdir(), 'jit-tick-'));
    const now = statSync(probe).ctimeMs;
    rmSync(probe, { recursive: true });
    if (now > before) return;
  }
  onTestFinished(() => expect.fail('the file system has no clock'));
}
