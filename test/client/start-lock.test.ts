import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type StartLock, takeStartLock } from '../../src/client/start-lock.ts';
import { temporaryFolder } from '../fakes/folder.ts';

const isTaken = (found: StartLock | string): found is StartLock => typeof found !== 'string';

test('only one has the lock; who comes later is told the same of it until it is released', () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'start.lock');
  const first = takeStartLock(file);
  const held = takeStartLock(file);
  expect([isTaken(first), held]).toEqual([true, readFileSync(file, 'utf8')]);
  expect(takeStartLock(file)).toBe(held);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  if (isTaken(first)) first.release();
  expect(readdirSync(folder)).toEqual([]);
  const next = takeStartLock(file);
  expect(isTaken(next)).toBe(true);
  expect(takeStartLock(file)).not.toBe(held);
});

test('a release that comes late leaves the lock of another alone', () => {
  const file = path.join(temporaryFolder(), 'start.lock');
  const first = takeStartLock(file);
  writeFileSync(file, 'of another');
  if (isTaken(first)) first.release();
  expect(readFileSync(file, 'utf8')).toBe('of another');
});

test('the lock of a process that was killed is taken over', async () => {
  const file = path.join(temporaryFolder(), 'start.lock');
  const text = `const { takeStartLock } = await import(${JSON.stringify(path.resolve('src/client/start-lock.ts'))});
    takeStartLock(${JSON.stringify(file)});
    process.stdout.write('taken');
    setInterval(() => 0, 1e9);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(takeStartLock(file)).toMatch(new RegExp(`^${child.pid} `));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isTaken(takeStartLock(file))).toBe(true);
  expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^${process.pid} `));
});

test('where no lock can be made, nobody is kept from starting', () => {
  const file = path.join(temporaryFolder(), 'missing', 'start.lock');
  expect([takeStartLock(file), takeStartLock(file)].every(isTaken)).toBe(true);
});
