import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { grantedTimes, lastReason } from '../../src/store/state.ts';
import { open, sampleGrant, start, temporaryPath } from './support.ts';

const alice = { principal: 'alice', target: 'prod-db', role: 'read' };

test('the last reason is the newest that the principal gave for the very role and got', () => {
  const store = open(temporaryPath());
  expect(store.lastReason(alice)).toBeNull();
  store.commit((tx) => {
    const put = (id: string, after: number, changes: Parameters<typeof sampleGrant>[1]) =>
      tx.putGrant(sampleGrant(id, { requestedAt: start + after, ...changes }));
    put('g2', 2, { reason: 'newest of hers', state: 'ended' });
    put('g1', 1, { reason: 'older' });
    put('g3', 3, { reason: null });
    put('g4', 4, { reason: 'denied', state: 'denied', startedAt: null });
    put('g5', 5, { reason: 'still asked for', state: 'pending', startedAt: null });
    put('g6', 6, { reason: 'of another role', role: 'write' });
    put('g7', 7, { reason: 'of another target', target: 'prod-d' });
    put('g8', 8, { reason: 'of somebody else', principal: 'bob' });
  });
  expect(store.lastReason(alice)).toBe('newest of hers');
});

test('the times of what somebody had are told newest first, from an instant on, as many as wanted', () => {
  const store = open(temporaryPath());
  store.commit((tx) => {
    for (const after of [3, 1, 2, 0])
      tx.putGrant(sampleGrant(`g${after}`, { requestedAt: start + after, state: 'ended' }));
    tx.putGrant(sampleGrant('g4', { requestedAt: start + 4, state: 'denied', startedAt: null }));
    tx.putGrant(sampleGrant('g5', { requestedAt: start + 5, principal: 'bob' }));
  });
  expect(store.grantedTimes(alice, start + 1, 9)).toEqual([start + 3, start + 2, start + 1]);
  expect(store.grantedTimes(alice, 0, 2)).toEqual([start + 3, start + 2]);
});

test('with ten thousand grants neither reads those of others nor sorts', () => {
  const file = temporaryPath();
  const store = open(file);
  store.commit((tx) => {
    for (let n = 0; n < 10_000; n += 1) {
      const changes = { requestedAt: start + n, state: 'ended', role: `role-${n % 50}` } as const;
      tx.putGrant(sampleGrant(`g${n}`, changes));
    }
  });
  expect(store.grantedTimes({ ...alice, role: 'role-7' }, start, 100)).toHaveLength(100);
  const db = new Database(file, { readonly: true });
  const planOf = (sql: string): string[] =>
    db
      .prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all({ ...alice, since: start, limit: 100 })
      .map(({ detail }) => detail);
  try {
    expect(planOf(lastReason)).toEqual([
      'SEARCH grants USING INDEX grants_given (principal=? AND target=? AND role=?)',
    ]);
    expect(planOf(grantedTimes)).toEqual([
      'SEARCH grants USING INDEX grants_given (principal=? AND target=? AND role=? AND requested_ms>?)',
    ]);
  } finally {
    db.close();
  }
});
