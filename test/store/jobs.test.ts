import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrations } from '../../src/store/migrations/index.ts';
import { failure } from '../audit/failure.ts';
import { open, sampleGrant, step, temporaryPath } from './support.ts';

const token = (digit: string): string => digit.repeat(64);

test('a token is used once, and nothing of the transaction that uses it again remains', () => {
  const store = open(temporaryPath());
  store.commit((tx) => tx.useToken({ token: token('a'), expiresAt: 2_000 }, 1_000));
  expect([store.isTokenUsed(token('a')), store.isTokenUsed(token('b'))]).toEqual([true, false]);
  const before = store.head();
  const error = failure(() =>
    store.commit((tx) => {
      tx.append(step('fenced'));
      tx.useToken({ token: token('a'), expiresAt: 2_000 }, 1_500);
    }),
  );
  expect(error?.code).toBe('ERR_POLICY_DENIED');
  expect(store.head()).toEqual(before);
  expect(store.failed).toBe(false);
  store.commit((tx) => tx.append(step('fenced')));
  expect(store.head().size).toBe(before.size + 1);
});

test('a token is known to whoever opens the file next, and forgotten once it has expired', () => {
  const file = temporaryPath();
  const first = open(file);
  first.commit((tx) => tx.useToken({ token: token('a'), expiresAt: 2_000.5 }, 1_000));
  first.close();
  const next = open(file);
  expect(next.isTokenUsed(token('a'))).toBe(true);
  next.commit((tx) => tx.useToken({ token: token('b'), expiresAt: 9_000 }, 2_000));
  expect(next.isTokenUsed(token('a'))).toBe(true);
  next.commit((tx) => tx.useToken({ token: token('c'), expiresAt: 9_000 }, 2_002));
  expect([next.isTokenUsed(token('a')), next.isTokenUsed(token('b'))]).toEqual([false, true]);
});

test('a run has the grants that it asked for', () => {
  const store = open(temporaryPath());
  for (const [id, run] of [
    ['g1', 'one'],
    ['g2', 'two'],
    ['g3', 'one'],
  ] as const) {
    store.commit((tx) => {
      tx.putGrant(sampleGrant(id));
      tx.putRun(id, run);
    });
  }
  expect([store.grantsOfRun('one'), store.grantsOfRun('two'), store.grantsOfRun('%')]).toEqual([
    ['g1', 'g3'],
    ['g2'],
    [],
  ]);
  expect(failure(() => store.commit((tx) => tx.putRun('gnone', 'one')))).not.toBeNull();
});

test('a file of the version before is brought up to date, with its log as it was', () => {
  const file = temporaryPath();
  const old = open(file);
  old.commit((tx) => tx.append(step('fenced')));
  const head = old.head();
  old.close();
  const db = new Database(file);
  const later = ['used_tokens', 'grant_runs', 'epochs', 'nodes', 'keys', 'newest_checkpoint', 'checkpoints'];
  db.exec(
    `${later.map((table) => `DROP TABLE ${table};`).join(' ')} DROP INDEX grants_given; PRAGMA user_version = 1`,
  );
  db.close();
  const store = open(file);
  expect(store.head()).toEqual(head);
  store.commit((tx) => tx.useToken({ token: token('a'), expiresAt: 2_000 }, 1_000));
  expect(store.isTokenUsed(token('a'))).toBe(true);
  expect(migrations).toHaveLength(4);
});
