import { copyFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { parseCheckpoint } from '../../src/audit/checkpoint.ts';
import { createFrontier, verifyConsistency } from '../../src/audit/merkle.ts';
import { parseNote, parseVkey, signersOf, type VerifierKey } from '../../src/audit/note.ts';
import { createSigner, type Signer } from '../../src/audit/signer.ts';
import { fileHeadKeeper, type HeadKeeper } from '../../src/store/head-keeper.ts';
import { newOrigin, openStore } from '../../src/store/open.ts';
import { proveEvent } from '../../src/store/prove.ts';
import type { Store } from '../../src/store/store.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { systemRandom } from '../../src/system/random.ts';
import { failure } from '../audit/failure.ts';
import { memoryKeeper } from '../tamper/log.ts';
import { step, stillClock, temporaryPath } from './support.ts';

const newSigner = (origin: string): Signer => createSigner(origin, systemRandom.bytes(32));

interface Given {
  readonly origin?: string;
  readonly signer?: Signer | null;
  readonly heads?: HeadKeeper;
}

function open(file: string, given: Given = {}): Store {
  const store = openStore({ path: file, clock: stillClock, random: systemRandom, ...given });
  onTestFinished(() => store.close());
  return store;
}

/** A new signed log, and what it takes to open it again. */
function signedLog(file = temporaryPath()) {
  const origin = newOrigin(systemRandom);
  const signer = newSigner(origin);
  const heads = memoryKeeper();
  return { file, origin, signer, heads, store: open(file, { origin, signer, heads }) };
}

const signed = (note: string, signer: Signer): boolean => {
  const parsed = parseNote(note);
  const key = parseVkey(signer.vkey) as VerifierKey;
  return parsed !== null && signersOf(parsed, [key])?.length === 1;
};

const say = (store: Store, what = 'x', urgent = false) =>
  store.commit((tx) => tx.append(step(what)), { urgent });

test('every commit signs the head once, whatever it appended, and hands it to the keeper afterwards', () => {
  const { store, signer, origin, heads } = signedLog();
  expect(store.events()[0]?.body.data).toMatchObject({ vkey: signer.vkey });
  expect([store.key, store.logOrigin, store.signs]).toEqual([signer.vkey, origin, true]);
  store.commit((tx) => {
    for (let index = 0; index < 5; index += 1) tx.append(step(`${index}`));
    expect(parseCheckpoint(heads.notes.get(origin) ?? '')?.size).toBe(1);
  });
  const head = store.signedHead();
  expect(head).toMatchObject({ ...store.treeHead(), size: 6 });
  expect(signed(head?.note ?? '', signer)).toBe(true);
  expect(heads.notes.get(origin)).toBe(head?.note);
  store.commit(() => undefined);
  expect(store.signedHead()).toEqual(head);
});

test('a commit that is rolled back leaves no head behind, and the tree goes on from where it was', () => {
  const { store, heads, origin, file } = signedLog();
  const before = store.signedHead();
  expect(
    failure(() =>
      store.commit((tx) => {
        tx.append(step('a'));
        throw new TypeError('no');
      }),
    ),
  ).toBeInstanceOf(TypeError);
  expect([store.signedHead(), heads.notes.get(origin)]).toEqual([before, before?.note]);
  for (let index = 0; index < 3; index += 1) say(store);
  expect(verifyFile(file, { heads: heads.known() })).toMatchObject({ valid: true, events: 4, heads: 1 });
});

test('of many checkpoints the newest stays, and the first in every 256 events', () => {
  const { store, file, signer } = signedLog();
  for (let index = 0; index < 600; index += 1) say(store, `${index}`);
  const db = new Database(file, { readonly: true });
  onTestFinished(() => void db.close());
  expect(db.prepare('SELECT size FROM checkpoints').pluck().all()).toEqual([256, 512]);
  expect(db.prepare('SELECT level, idx FROM nodes ORDER BY level, idx').raw().all()).toEqual([
    [8, 0],
    [8, 1],
    [9, 0],
  ]);
  const report = verifyFile(file, { keys: [signer.vkey] });
  expect(report).toMatchObject({ valid: true, logs: [{ events: 601, signed: 601, keys: [signer.vkey] }] });
  for (const [old, size] of [
    [1, 601],
    [256, 600],
    [300, 512],
  ] as const) {
    const root = (at: number) => rootOf(file, at);
    expect(verifyConsistency(old, root(old), size, root(size), store.consistency(old, size))).toBe(true);
  }
});

/** The root of the first `size` events, from their leaves. */
function rootOf(file: string, size: number): Buffer {
  const db = new Database(file, { readonly: true });
  const leaves = db
    .prepare<[number], Buffer>('SELECT leaf FROM ev WHERE seq < ? ORDER BY seq')
    .pluck()
    .all(size);
  db.close();
  const frontier = createFrontier();
  for (const leaf of leaves) frontier.append(leaf);
  return frontier.root();
}

test('a subtree, a key or a checkpoint that was changed beside the events is found', () => {
  const { store, file } = signedLog();
  for (let index = 0; index < 300; index += 1) say(store, `${index}`);
  store.close();
  for (const [sql, what] of [
    ['UPDATE nodes SET hash = zeroblob(32)', 'subtree'],
    ['DELETE FROM nodes', 'subtree'],
    ['INSERT INTO nodes VALUES (1, 9, 7, zeroblob(32))', 'subtree'],
    ['DELETE FROM keys', 'keys beside the log'],
    ['DELETE FROM newest_checkpoint; DELETE FROM checkpoints', 'has no checkpoint'],
    ['UPDATE checkpoints SET size = 255', 'another tree'],
    ['UPDATE newest_checkpoint SET size = 999', 'covers 999 events and 301'],
    ["UPDATE checkpoints SET note = 'x'", 'malformed'],
    ['INSERT INTO epochs VALUES (2, 290)', 'covers 301 events and 290'],
    ['DELETE FROM epochs', 'logs of the file begin'],
  ] as const) {
    const copy = temporaryPath();
    copyFileSync(file, copy);
    const db = new Database(copy);
    db.exec(sql);
    db.close();
    const report = verifyFile(copy);
    expect([sql, report.valid, report.problem?.what]).toEqual([sql, false, expect.stringMatching(what)]);
  }
});

test('a log that is older than its tree gets one, and its first key by an event', () => {
  const file = temporaryPath();
  const old = open(file);
  for (let index = 0; index < 270; index += 1) say(old, `${index}`);
  const { origin } = old;
  expect([old.signs, old.key, old.signedHead()]).toEqual([false, null, null]);
  old.close();
  const db = new Database(file);
  for (const table of ['epochs', 'nodes', 'keys', 'newest_checkpoint', 'checkpoints'])
    db.exec(`DROP TABLE ${table}`);
  db.exec('PRAGMA user_version = 3');
  db.close();
  expect(verifyFile(file)).toMatchObject({
    valid: true,
    events: 271,
    logs: [{ origin, signed: 0, keys: [] }],
  });

  const signer = newSigner(origin);
  const store = open(file, { signer });
  const [named] = store.events({ type: 'key.rotate' });
  expect(named).toMatchObject({
    seq: 271,
    body: { data: { vkey: signer.vkey, previous: null, why: 'first' } },
  });
  expect(verifyFile(file)).toMatchObject({
    valid: true,
    logs: [{ events: 272, signed: 272, keys: [signer.vkey] }],
  });
});

test('without its key a log is written unsigned, and the next signature covers what came meanwhile', () => {
  const { store, file, signer, heads } = signedLog();
  store.close();
  const locked = open(file, { heads });
  say(locked);
  say(locked);
  expect([locked.signs, locked.signedHead()?.size, locked.treeHead().size]).toEqual([false, 1, 3]);
  expect(verifyFile(file)).toMatchObject({ valid: true, logs: [{ events: 3, signed: 1 }] });
  locked.useSigner(signer);
  expect([locked.signs, locked.signedHead()?.size]).toEqual([true, 3]);
});

test('a key that the log does not name, or of another log, is refused', () => {
  const { store, file, origin } = signedLog();
  store.close();
  expect(failure(() => open(file, { signer: newSigner(origin) }))?.code).toBe('ERR_AUDIT_INVALID');
  expect(failure(() => open(file, { signer: newSigner('jit.another0another0') }))?.code).toBe('ERR_INTERNAL');
  expect(failure(() => open(temporaryPath(), { signer: newSigner(origin) }))?.code).toBe('ERR_INTERNAL');
});

test('one key hands over to the next under both signatures, and the old one counts for nothing afterwards', () => {
  const { store, file, signer, origin } = signedLog();
  const next = newSigner(origin);
  store.rotate(next, 'age');
  const handover = store.signedHead()?.note ?? '';
  expect([signed(handover, signer), signed(handover, next), store.key]).toEqual([true, true, next.vkey]);
  say(store);
  const later = store.signedHead()?.note ?? '';
  expect([signed(later, signer), signed(later, next)]).toEqual([false, true]);
  for (const keys of [[signer.vkey], [next.vkey], [signer.vkey, next.vkey]])
    expect(verifyFile(file, { keys })).toMatchObject({ valid: true });
  const unknown = verifyFile(file, { keys: [newSigner(origin).vkey] });
  expect(unknown).toMatchObject({
    valid: false,
    problem: { what: expect.stringContaining('knows nothing of') },
  });
  store.close();
  expect(failure(() => open(file, { signer }))?.code).toBe('ERR_AUDIT_INVALID');
  const db = new Database(file);
  db.exec("DELETE FROM checkpoints WHERE kept = 'rotation'");
  db.close();
  expect(verifyFile(file).problem).toEqual({ seq: 1, what: 'no checkpoint hands over from key to key' });
});

test('a file that was set back issues nothing, takes revocations unsigned, and goes on only after a fork', () => {
  const { store, file, signer, origin, heads } = signedLog();
  say(store);
  store.checkpoint();
  const backup = temporaryPath();
  copyFileSync(file, backup);
  for (let index = 0; index < 4; index += 1) say(store);
  const known = heads.notes.get(origin) ?? '';
  store.close();
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  copyFileSync(backup, file);

  const behind = open(file, { signer, heads });
  expect(behind.behind).toMatchObject({ from: 'file', known: { origin, size: 6 }, size: 2 });
  expect(failure(() => say(behind))).toMatchObject({
    code: 'ERR_AUDIT_INVALID',
    hint: expect.stringContaining('jit audit fork'),
  });
  expect(say(behind, 'revoked', true).body.type).toBe('lease.step');
  expect([behind.signs, behind.signedHead()?.size, heads.notes.get(origin)]).toEqual([false, 2, known]);
  expect(verifyFile(file, { heads: heads.known() })).toMatchObject({
    valid: false,
    problem: { what: `the log does not lead to the head of "${origin}" at 6 that is kept elsewhere` },
  });
  behind.close();
  const again = open(file, { signer, heads });
  expect(again.events({ type: 'log.rollback_detected' })).toHaveLength(1);

  const next = newSigner(again.nextOrigin);
  const end = again.treeHead();
  again.fork('restored from a backup', next);
  expect([again.behind, again.logOrigin, again.origin, again.signs]).toEqual([
    null,
    `${origin}/2`,
    origin,
    true,
  ]);
  const [opened, forked] = again.events({ after: end.size - 1 });
  expect(opened).toMatchObject({
    seq: 0,
    row: end.size,
    body: { origin: `${origin}/2`, data: { previous: end, vkey: next.vkey } },
  });
  expect(forked?.body.data).toMatchObject({
    reason: 'restored from a backup',
    previous: end,
    known: { size: 6 },
  });
  expect(say(again)).toMatchObject({ seq: 2 });
  const report = verifyFile(file, { heads: heads.known(), keys: [next.vkey] });
  expect(report).toMatchObject({
    valid: true,
    events: end.size + 3,
    logs: [{ origin }, { origin: `${origin}/2`, events: 3, signed: 3 }],
  });
  expect(verifyFile(file, { keys: [signer.vkey] })).toMatchObject({ valid: false });
  again.close();
  expect(open(file, { signer: next, heads }).behind).toBeNull();
});

test('a log of the same length with other events is as good as one that was set back', () => {
  const { store, file, signer, heads } = signedLog();
  const backup = temporaryPath();
  store.checkpoint();
  copyFileSync(file, backup);
  say(store, 'one');
  store.close();
  const other = open(backup, { signer });
  say(other, 'two');
  expect(other.head().size).toBe(2);
  other.close();
  expect(open(backup, { signer, heads }).behind).toMatchObject({ known: { size: 2 }, size: 2 });
  expect(open(file, { signer, heads }).behind).toBeNull();
});

test('a database that is gone is noticed by the head of its log, and by that of a later log', () => {
  const { store, origin, heads } = signedLog();
  store.fork('trial', newSigner(store.nextOrigin));
  store.close();
  const fresh = newOrigin(systemRandom);
  const store2 = open(temporaryPath(), { origin: fresh, signer: newSigner(fresh), heads });
  expect(store2.behind).toMatchObject({ known: { origin: `${origin}/2` }, size: 1 });
  store2.fork('the disk was lost', newSigner(store2.nextOrigin));
  expect([...heads.notes.keys()].sort()).toEqual([fresh, `${fresh}/2`].sort());
});

test('a head that somebody else knows stops issuing too, once on record', () => {
  const { store, origin } = signedLog();
  const known = { origin, size: 40, root: 'ab'.repeat(32) };
  store.distrust('store', known);
  store.distrust('store', known);
  expect(store.events({ type: 'log.rollback_detected' }).map(({ body }) => body.data)).toEqual([
    { from: 'store', known, size: 1 },
  ]);
  expect(failure(() => say(store))?.code).toBe('ERR_AUDIT_INVALID');
});

test('events that change who signs, or which log is written, cannot be appended by themselves', () => {
  const { store, origin } = signedLog();
  const data = { vkey: newSigner(origin).vkey, previous: null, why: 'first' as const };
  const rotate = { type: 'key.rotate' as const, at: 0, data };
  expect(failure(() => store.commit((tx) => tx.append(rotate)))?.code).toBe('ERR_INTERNAL');
});

test('heads in files come back, of each log its newest; a damaged one counts as none', () => {
  const folder = path.join(path.dirname(temporaryPath()), 'heads');
  const keeper = fileHeadKeeper(folder);
  expect(keeper.known()).toEqual([]);
  const { store, origin } = signedLog();
  const first = store.signedHead()?.note ?? '';
  say(store);
  const second = store.signedHead()?.note ?? '';
  keeper.keep(origin, first);
  keeper.keep(origin, second);
  keeper.keep(`${origin}/2`, first);
  expect(fileHeadKeeper(folder).known().toSorted()).toEqual([first, second].toSorted());
  keeper.settle(`${origin}/2`);
  expect(keeper.known()).toEqual([second]);
  expect(readdirSync(folder).toSorted()).toEqual([`${origin}+2.head.settled`, `${origin}.head`]);
  const file = path.join(folder, `${origin}.head`);
  for (let turn = 0; turn < 4; turn += 1) {
    say(store);
    const note = store.signedHead()?.note ?? '';
    (turn === 2 ? fileHeadKeeper(folder) : keeper).keep(origin, note);
    expect(keeper.known()).toEqual([note]);
  }
  expect(statSync(file)).toMatchObject({ size: 4_096, mode: 0o100600 });
  // Half a write: the head before it is still there.
  const [kept] = keeper.known();
  fileHeadKeeper(folder).keep(origin, 'torn');
  expect(parseCheckpoint(kept ?? '')?.size).toBe(6);
  expect(parseCheckpoint(keeper.known()[0] ?? '')?.size).toBe(6);
  writeFileSync(file, '');
  expect(keeper.known()).toEqual([]);
  rmSync(folder, { recursive: true });
  keeper.keep(origin, first);
  expect(keeper.known()).toEqual([first]);
});

test('a head that cannot be kept does not stand in the way of a commit, and is told', () => {
  const thrown = new Error('read-only');
  const heads: HeadKeeper = {
    ...memoryKeeper(),
    keep() {
      throw thrown;
    },
  };
  const origin = newOrigin(systemRandom);
  const store = open(temporaryPath(), { origin, signer: newSigner(origin), heads });
  say(store);
  expect([store.head().size, store.unkept]).toEqual([2, thrown]);
});

test('an acknowledged head is remembered, the newest alone', () => {
  const { store, file } = signedLog();
  expect(store.acknowledgedHead()).toBeNull();
  // Also one that is kept for another reason, before it and after it.
  for (let index = 0; index < 255; index += 1) say(store);
  for (let index = 0; index < 3; index += 1) {
    say(store);
    const head = store.signedHead();
    if (head) store.acknowledge(head);
    expect(store.acknowledgedHead()).toEqual(head);
  }
  expect(verifyFile(file).valid).toBe(true);
});

test('what was acknowledged is remembered per log, and less of it when the shared store has lost some', () => {
  const { store, file, origin } = signedLog();
  for (let index = 0; index < 600; index += 1) say(store);
  const head = store.signedHead();
  if (head) store.acknowledge(head);
  const next = newSigner(`${origin}/2`);
  store.fork('a test', next);
  expect([store.acknowledgedHead(), store.acknowledgedHead(origin)]).toEqual([null, head]);
  store.unacknowledge(origin, 590);
  // The newest of those that are kept for every 256 events.
  expect(store.acknowledgedHead(origin)?.size).toBe(512);
  store.unacknowledge(origin, 2);
  expect(store.acknowledgedHead(origin)).toBeNull();
  const [whole] = store.handovers(origin);
  if (whole) store.acknowledge({ ...whole, origin });
  expect(store.acknowledgedHead(origin)?.size).toBe(601);
  store.unacknowledge(`${origin}/9`, 0);
  expect(verifyFile(file).valid).toBe(true);
});

test('an event is proven by number, by log and number, and by leaf; one that is not signed is not', () => {
  const { store, file, origin, signer } = signedLog();
  for (let index = 0; index < 300; index += 1) say(store, `${index}`);
  const [event] = store.events({ after: 40, limit: 1000 });
  const proofs = ['41', `${origin}:41`, event?.leaf ?? ''].map((which) => proveEvent(file, which));
  expect(new Set(proofs.map(({ proof }) => proof)).size).toBe(1);
  expect(proofs[0]).toMatchObject({ origin, seq: 41, leaf: event?.leaf, size: 301 });
  for (const which of ['301', 'ab'.repeat(32), 'jit.other:1', '-1', '01', 'x'])
    expect([which, failure(() => proveEvent(file, which))?.code]).toEqual([which, 'ERR_USAGE']);
  store.close();
  const locked = open(file);
  say(locked);
  expect(failure(() => proveEvent(file, '301'))?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  locked.useSigner(signer);
  expect(proveEvent(file, '301').size).toBe(302);
});
