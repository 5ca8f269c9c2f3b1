import { copyFileSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import type { Finding } from '../../src/core/finding.ts';
import { failure } from '../audit/failure.ts';
import { open, sampleGrant, sampleLease, start, step, temporaryPath } from './support.ts';

test('a new log begins with log.open, in private files', () => {
  const file = temporaryPath();
  const store = open(file);
  const [first] = store.events();
  expect(first?.body).toMatchObject({
    v: 1,
    seq: '0',
    prev: '0'.repeat(64),
    type: 'log.open',
    origin: store.origin,
  });
  expect(store.origin).toMatch(/^jit\.[0-9a-hjkmnp-tv-z]{16}$/);
  for (const suffix of ['', '-wal', '-shm', '.ballast'])
    expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
});

test('a checkpoint makes a copy of the file alone a whole log', () => {
  const file = temporaryPath();
  const store = open(file);
  store.commit((tx) => tx.append(step('fenced')));
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
  expect(store.checkpoint()).toBe(true);
  expect(statSync(`${file}-wal`).size).toBe(0);
  const copy = temporaryPath();
  copyFileSync(file, copy);
  expect(open(copy).head()).toEqual(store.head());
  store.commit((tx) => tx.append(step('killed')));
  expect(store.head().size).toBe(3);
});

test('a checkpoint waits for no reader and says that it is not done; later it is', () => {
  const file = temporaryPath();
  const store = open(file);
  const reader = new Database(file, { readonly: true });
  onTestFinished(() => void reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM ev').get();
  store.commit((tx) => tx.append(step('fenced')));
  expect(store.checkpoint()).toBe(false);
  expect(store.failed).toBe(false);
  reader.exec('COMMIT');
  expect(store.checkpoint()).toBe(true);
  expect(statSync(`${file}-wal`).size).toBe(0);
});

test('closing empties the -wal even while somebody reads', () => {
  const file = temporaryPath();
  const store = open(file);
  const reader = new Database(file, { readonly: true });
  onTestFinished(() => void reader.close());
  reader.prepare('SELECT count(*) FROM ev').get();
  store.commit((tx) => tx.append(step('fenced')));
  store.close();
  expect(statSync(`${file}-wal`).size).toBe(0);
  expect(store.checkpoint()).toBe(false);
});

test('what was committed is there after closing and opening, under the same origin', () => {
  const file = temporaryPath();
  const first = open(file);
  const { origin } = first;
  const written = first.commit((tx) => tx.append(step('fenced')));
  first.close();
  const second = open(file);
  expect(second.origin).toBe(origin);
  expect(second.head()).toEqual({ size: 2, leaf: written.leaf });
  const [, read] = second.events();
  expect(read).toEqual({ ...written, bytes: Buffer.from(written.bytes) });
  expect(leafHash(read?.bytes ?? new Uint8Array())).toBe(written.leaf);
});

test('grants, leases and findings come back as they were put', () => {
  const store = open(temporaryPath());
  const grant = sampleGrant('g1');
  const ended = sampleGrant('g2', {
    state: 'ended',
    endedAt: start + 5,
    endCause: 'expired',
    session: null,
    keep: true,
  });
  const lease = sampleLease('l1', 'g1', { handle: { role: 'jit_ü', deep: [1, null, { a: true }] } });
  const failed = sampleLease('l2', 'g2', {
    state: 'overdue',
    attempts: 3,
    lastError: 'ERR_TARGET_UNREACHABLE',
  });
  store.commit((tx) => {
    // Also in this order: the reference is checked when the transaction ends.
    for (const one of [lease, failed]) tx.putLease(one);
    for (const one of [grant, ended]) tx.putGrant(one);
  });
  expect([store.grant('g1'), store.grant('g2')]).toEqual([grant, ended]);
  expect([store.lease('l1'), store.lease('l2')]).toEqual([lease, failed]);
  const moved = { ...lease, state: 'revoking' as const, cause: 'revoked' as const };
  store.commit((tx) => tx.putLease(moved));
  expect(store.leases()).toEqual([moved, failed]);
});

test('ids are looked up exactly, and filters hold together', () => {
  const store = open(temporaryPath());
  store.commit((tx) => {
    for (const [index, id] of ['g1', 'g10', 'G1'].entries()) {
      tx.putGrant(sampleGrant(id, { requestedAt: start + index, state: index === 1 ? 'ended' : 'active' }));
      tx.putLease(sampleLease(`l-${id}`, id, { state: index === 1 ? 'revoked' : 'active' }));
    }
  });
  for (const id of ['g', 'g1 ', 'g%', "g1' OR '1'='1", '']) expect(store.grant(id)).toBeNull();
  expect(store.lease('l-g')).toBeNull();
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);
  expect(ids(store.grants())).toEqual(['g1', 'g10', 'G1']);
  expect(ids(store.grants({ limit: 2 }))).toEqual(['g10', 'G1']);
  expect(ids(store.grants({ states: ['active'] }))).toEqual(['g1', 'G1']);
  expect(ids(store.grants({ states: [] }))).toEqual([]);
  expect(ids(store.leases({ states: ['active'], grant: 'g1' }))).toEqual(['l-g1']);
  expect(ids(store.leases({ states: ['active'], grant: 'g10' }))).toEqual([]);
});

test('the same finding seen again is one finding, with what was done last', () => {
  const store = open(temporaryPath());
  const finding: Finding = {
    kind: 'owned-object',
    target: 'prod-db',
    lease: null,
    where: 'orders/public.t',
    detail: 'table t',
    action: 'moved',
    foundAt: start,
  };
  const other: Finding = { ...finding, lease: 'l1' };
  store.commit((tx) => {
    for (const one of [finding, other, { ...finding, action: 'dropped', foundAt: start + 9 }])
      tx.putFinding(one);
  });
  expect(store.findings()).toEqual([{ ...finding, action: 'dropped' }, other]);
  expect(store.findings({ lease: 'l1' })).toEqual([other]);
  expect(store.findings({ limit: 1 })).toEqual([other]);
});

test('events are found by grant, target, principal, type, time and number', () => {
  const store = open(temporaryPath());
  store.commit((tx) => {
    tx.append(step('a', { grant: 'g1', target: 't1', principal: 'alice' }));
    tx.append({ ...step('b', { grant: 'g1', target: 't2', principal: 'bob' }), at: start + 10 });
    tx.append({ ...step('c', { grant: 'g2', target: 't1', principal: 'alice' }), at: start + 20 });
  });
  const found = (query: Parameters<typeof store.events>[0]) => store.events(query).map(({ seq }) => seq);
  expect(found({})).toEqual([0, 1, 2, 3]);
  expect(found({ grant: 'g1' })).toEqual([1, 2]);
  expect(found({ target: 't1', principal: 'alice' })).toEqual([1, 3]);
  expect(found({ type: 'log.open' })).toEqual([0]);
  expect(found({ since: start + 10 })).toEqual([2, 3]);
  expect(found({ until: start + 10 })).toEqual([0, 1]);
  expect(found({ after: 1 })).toEqual([2, 3]);
  expect(found({ limit: 2 })).toEqual([2, 3]);
  expect(found({ grant: 'g' })).toEqual([]);
});

test('a transaction that throws leaves nothing, neither state nor event, and the next one works', () => {
  const store = open(temporaryPath());
  const before = store.head();
  const thrown = new Error('changed my mind');
  const work = () =>
    store.commit((tx) => {
      tx.putGrant(sampleGrant('g1'));
      tx.append(step('fenced'));
      throw thrown;
    });
  expect(failure(work)).toBe(thrown);
  expect(store.head()).toEqual(before);
  expect(store.grant('g1')).toBeNull();
  expect(store.failed).toBe(false);
  expect(store.commit((tx) => tx.append(step('fenced'))).seq).toBe(1);
});

test('an event that breaks its schema rolls the whole transaction back', () => {
  const store = open(temporaryPath());
  const bad = { type: 'clock.step', at: start, data: { by_ms: 'soon' } } as never;
  const work = () =>
    store.commit((tx) => {
      tx.putGrant(sampleGrant('g1'));
      tx.append(bad);
    });
  expect(failure(work)?.code).toBe('ERR_INTERNAL');
  expect(store.grant('g1')).toBeNull();
});

test('a promise, a transaction inside another, and a lease without its grant are refused', () => {
  const store = open(temporaryPath());
  expect(failure(() => store.commit(async (tx) => tx.append(step('a'))))).toBeInstanceOf(TypeError);
  expect(failure(() => store.commit(() => store.commit(() => 1)))?.code).toBe('ERR_INTERNAL');
  expect(failure(() => store.commit((tx) => tx.putLease(sampleLease('l1', 'nobody'))))?.code).toBe(
    'ERR_INTERNAL',
  );
  expect(store.head().size).toBe(1);
});

test('a store open for reading reads what the writer commits, and refuses to write', () => {
  const file = temporaryPath();
  const writer = open(file);
  const reader = open(file, { readOnly: true });
  writer.commit((tx) => tx.append(step('fenced')));
  expect(reader.head()).toEqual(writer.head());
  expect(failure(() => reader.commit((tx) => tx.append(step('b'))))?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  expect(failure(() => open(temporaryPath(), { readOnly: true }))?.code).toBe('ERR_AUDIT_UNAVAILABLE');
});

test('a closed store says that it is unavailable', () => {
  const store = open(temporaryPath());
  store.close();
  expect(failure(() => store.commit((tx) => tx.append(step('a'))))?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  expect(failure(() => store.head())?.code).toBe('ERR_AUDIT_UNAVAILABLE');
});

test('a row that cannot be read as a whole hides no other, and is written back as it was', () => {
  const file = temporaryPath();
  const store = open(file);
  store.commit((tx) => {
    for (const id of ['g1', 'g2']) tx.putGrant(sampleGrant(id));
    for (const id of ['l1', 'l2']) tx.putLease(sampleLease(id, 'g1'));
  });
  store.close();
  const db = new Database(file);
  db.exec(
    `UPDATE leases SET handle = '{"role":' WHERE id = 'l1'; UPDATE grants SET session = '?' WHERE id = 'g1'`,
  );
  db.close();
  const again = open(file);
  const [lease, whole] = again.leases({ states: ['active'] });
  expect(lease).toEqual({ ...sampleLease('l1', 'g1'), handle: null, damaged: '{"role":' });
  expect(whole).toEqual(sampleLease('l2', 'g1'));
  const grant = again.grant('g1');
  expect([grant, again.grants()[1]]).toEqual([
    { ...sampleGrant('g1'), session: null, damaged: '?' },
    sampleGrant('g2'),
  ]);
  again.commit((tx) => {
    if (grant) tx.putGrant({ ...grant, state: 'ended' });
    if (lease) tx.putLease({ ...lease, state: 'overdue' });
  });
  expect([again.lease('l1'), again.grant('g1')]).toMatchObject([
    { state: 'overdue', handle: null, damaged: '{"role":' },
    { state: 'ended', session: null, damaged: '?' },
  ]);
});
