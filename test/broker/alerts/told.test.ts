import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { markOf, readTold, writeTold } from '../../../src/broker/alerts/told.ts';
import { temporaryFolder } from '../../fakes/folder.ts';

const url = 'https://hooks.example.com/planted-token';
const webhook = { kind: 'webhook', name: 'webhook-1', url, format: 'slack' } as const;

test('a place is read as it was written, and of another broker there is none', () => {
  const file = path.join(temporaryFolder(), 'alerted');
  expect(readTold(file, 'jit.a')).toBeNull();
  const told = [{ mark: markOf(webhook, 'jit.a'), name: 'webhook-1', row: 41, missed: 2, waiting: 1 }];
  writeTold(file, 'jit.a', told);
  expect(readTold(file, 'jit.a')).toEqual(told);
  expect(readTold(file, 'jit.b')).toBeNull();
  expect(readFileSync(file, 'utf8')).not.toContain('planted');
});

test('what is no such file is an error, and not nobody', () => {
  const file = path.join(temporaryFolder(), 'alerted');
  for (const text of ['', '{', '{"version":2,"origin":"jit.a","channels":[]}']) {
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => readTold(file, 'jit.a')).toThrow();
  }
});

test('a channel has its mark at whatever place, and another one with another address or format', () => {
  const mark = markOf(webhook, 'jit.a');
  expect(markOf({ ...webhook, name: 'webhook-2' }, 'jit.a')).toBe(mark);
  expect(markOf({ ...webhook, url: `${url}2` }, 'jit.a')).not.toBe(mark);
  expect(markOf({ ...webhook, format: 'json' }, 'jit.a')).not.toBe(mark);
  expect(markOf(webhook, 'jit.b')).not.toBe(mark);
});
