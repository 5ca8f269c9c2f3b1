import { mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { takeInstanceLock } from '../../src/store/instance-lock.ts';
import { failure } from '../audit/failure.ts';
import { startChild } from './children/start.ts';
import { temporaryPath } from './support.ts';

test('of twenty processes that start at once exactly one holds the lock, and kill -9 frees it', async () => {
  const file = temporaryPath();
  const racers = Array.from({ length: 20 }, () => startChild('locker', file));
  await Promise.all(racers.map((racer) => racer.said(1)));
  const holders = racers.filter(({ lines }) => lines[0] === 'held');
  expect(holders).toHaveLength(1);
  expect(racers.filter(({ lines }) => lines[0] === 'busy')).toHaveLength(19);
  expect(takeInstanceLock(file)).toBeNull();

  holders[0]?.process.kill('SIGKILL');
  await holders[0]?.ended;
  const lock = takeInstanceLock(file);
  expect(lock).not.toBeNull();
  for (const { process: racer } of racers) racer.stdin.end();
  await Promise.all(racers.map(({ ended }) => ended));
  lock?.release();
});

test('the lock can be taken again after it was released, not before', () => {
  const file = temporaryPath();
  const first = takeInstanceLock(file);
  expect(takeInstanceLock(file)).toBeNull();
  first?.release();
  const second = takeInstanceLock(file);
  expect(second).not.toBeNull();
  second?.release();
});

test('a lock at an unsafe path is refused', () => {
  const link = temporaryPath();
  symlinkSync(temporaryPath(), link);
  expect(failure(() => takeInstanceLock(link))?.code).toBe('ERR_UNSAFE_PATH');
  const folder = temporaryPath();
  mkdirSync(folder);
  expect(failure(() => takeInstanceLock(folder))?.code).toBe('ERR_UNSAFE_PATH');
});
