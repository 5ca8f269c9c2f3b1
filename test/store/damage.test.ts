import { copyFileSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createSigner, type Signer } from '../../src/audit/signer.ts';
import { newOrigin, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { systemRandom } from '../../src/system/random.ts';
import { failure } from '../audit/failure.ts';
import { damage, enough, manipulations } from '../support/damage.ts';
import { memoryKeeper } from '../tamper/log.ts';
import { lifeOf, sampleGrant, sampleLease, step, stillClock, temporaryPath } from './support.ts';

const newSigner = (origin: string): Signer => createSigner(origin, systemRandom.bytes(32));

/** A signed log with an open lease, and what it takes to open it again. */
function signedLog() {
  const file = temporaryPath();
  const origin = newOrigin(systemRandom);
  const signer = newSigner(origin);
  const heads = memoryKeeper();
  const open = (given: { signer?: Signer | null } = {}): Store => {
    const store = openStore({
      path: file,
      clock: stillClock,
      random: systemRandom,
      origin,
      signer,
      heads,
      ...given,
    });
    onTestFinished(() => store.close());
    return store;
  };
  const store = open();
  store.commit((tx) => {
    tx.putGrant(sampleGrant('g1'));
    tx.putLease(sampleLease('l1', 'g1'));
    const { begin, issue } = lifeOf('g1', 'l1');
    for (const event of [...begin, ...issue]) tx.append(event);
    for (let count = 0; count < enough; count += 1) tx.append(step(`${count}`));
  });
  say(store);
  return { file, origin, signer, heads, store, open };
}

/** A head that a log of this signer might have had. */
const headOf = (signer: Signer, size: number): string =>
  signCheckpoint({ origin: signer.vkey.split('+')[0] ?? '', size, root: 'ab'.repeat(32) }, [signer]);

/** Another second event, and every one after it linked anew up to the fork, with hashes as they should be. */
function rewriteBeginning(db: Database.Database): void {
  const first = db.prepare<[], number>('SELECT max(first) FROM epochs').pluck().get() ?? 0;
  let prev: string | null = null;
  const rows = db
    .prepare<[number], { seq: number; body: Buffer }>('SELECT seq, body FROM ev WHERE seq < ? ORDER BY seq')
    .all(first);
  for (const { seq, body } of rows) {
    if (!body.includes('"prev"')) return;
    const text: string = String(body).replace(/"mono_ms":"\d+"/, '"mono_ms":"77"');
    const linked: string = prev === null ? text : text.replace(/"prev":"[0-9a-f]+"/, `"prev":"${prev}"`);
    prev = leafHash(Buffer.from(linked));
    const update = db.prepare('UPDATE ev SET body = ?, leaf = ? WHERE seq = ?');
    update.run(Buffer.from(linked), Buffer.from(prev, 'hex'), seq);
  }
}

const say = (store: Store, what = 'x', urgent = false) =>
  store.commit((tx) => tx.append(step(what)), { urgent });

test.each(Object.entries(manipulations))(
  'where %s, nothing is issued, revocations are written, and a fork goes on',
  (what, [, told]) => {
    const { file, origin, signer, heads, store, open } = signedLog();
    const whole = store.treeHead();
    store.close();
    damage(file, what);
    expect(verifyFile(file, { heads: heads.known() }).valid).toBe(false);

    const damaged = open();
    expect(damaged).toMatchObject({
      origin,
      signs: false,
      behind: null,
      damage: expect.stringMatching(told),
    });
    expect(failure(() => say(damaged))).toMatchObject({
      code: 'ERR_AUDIT_INVALID',
      message: expect.stringMatching(told),
      hint: 'jit audit verify, then jit audit fork --reason "…"',
    });
    expect(damaged.leases({ states: ['active'] })).toHaveLength(1);
    const size = damaged.head().size;
    damaged.commit(
      (tx) => {
        tx.putLease(sampleLease('l1', 'g1', { state: 'revoked' }));
        tx.append(step('revoked'));
      },
      { urgent: true },
    );
    expect(damaged.head().size).toBe(size + 1);
    expect(heads.notes.get(origin)).toContain(`\n${whole.size}\n`);
    damaged.close();

    const again = open({ signer: null });
    expect(again.events({ type: 'log.damaged' })).toHaveLength(1);
    const next = newSigner(again.nextOrigin);
    expect(next.vkey).toMatch(`${origin}/2+`);
    const previous = again.fork('a page was lost', next);
    expect([again.damage, again.stopped, again.logOrigin, again.signs]).toEqual([
      null,
      null,
      `${origin}/2`,
      true,
    ]);
    const [forked] = again.events({ type: 'log.fork' });
    const { known, ...fork } = (forked?.body.data ?? {}) as Record<string, unknown>;
    expect(fork).toEqual({ reason: 'a page was lost', previous });
    // Signed by the key that the log names, and kept outside: what the log should have had.
    expect(known).toEqual(what === 'the key is deleted' ? null : whole);
    expect(say(again).body).toMatchObject({ origin: `${origin}/2`, seq: '2' });
    expect(failure(() => again.useSigner(signer))?.code).toBe('ERR_INTERNAL');
    again.close();
    const last = open({ signer: next });
    expect([last.stopped, last.signs]).toEqual([null, true]);
    const { size: events } = say(last) && last.head();
    const found = verifyFile(file, { heads: heads.known(), keys: [signer.vkey, next.vkey] });
    expect(found.logs).toHaveLength(2);
    expect(found.logs[1]).toMatchObject({ origin: `${origin}/2`, events, signed: events, problem: null });
    // The revocation above left no event of its own, which is all that some of these have wrong now.
    expect(found.problem).toEqual(found.logs[0]?.problem ?? expect.objectContaining({ seq: found.events }));
  },
);

test.each(['garbled', 'deleted', 'signed by another key', 'of another tree'])(
  'a newest checkpoint that is %s is made good by the one that is kept outside, once a fork has said so',
  (how) => {
    const { file, heads, store, open, signer } = signedLog();
    store.close();
    damage(file, `the newest checkpoint is ${how}`);
    const damaged = open();
    const next = newSigner(damaged.nextOrigin);
    const end = damaged.head().size;
    expect(damaged.fork('looked into', next).size).toBe(end);
    expect(verifyFile(file, { heads: heads.known(), keys: [signer.vkey, next.vkey] })).toMatchObject({
      valid: true,
      logs: [{ events: end, signed: end - 1 }, { events: 2 }],
    });
  },
);

/** A file with a damaged log, and one after it; `change` is done to it then. */
function forkedLog(change = '') {
  const { file, heads, store, open, signer, origin } = signedLog();
  store.close();
  damage(file, 'the body of the last event is changed');
  const damaged = open();
  const next = newSigner(damaged.nextOrigin);
  damaged.fork('x', next);
  say(damaged);
  damaged.close();
  const db = new Database(file);
  db.exec(change);
  db.close();
  const verify = (options: { keys?: string[]; heads?: string[] } = {}) => {
    const found = verifyFile(file, { heads: heads.known(), ...options });
    return { ...found, problems: found.logs.map(({ problem }) => problem?.what ?? null) };
  };
  return { file, origin, signer, next, heads, verify };
}

test('a log that is damaged keeps nothing of the next one from being verified, whichever key is given', () => {
  const { signer, next, verify, origin } = forkedLog();
  for (const keys of [[], [next.vkey], [signer.vkey, next.vkey]]) {
    const { valid, problem, problems, events, logs } = verify({ keys });
    expect([valid, problems]).toEqual([false, [expect.stringMatching(/leaf hash/), null]]);
    expect(problem).toEqual(logs[0]?.problem);
    expect(logs[1]).toMatchObject({ origin: `${origin}/2`, events: 3, signed: 3, fork: { reason: 'x' } });
    expect(events).toBe((logs[0]?.events ?? 0) + 3);
  }
  const told: number[] = [];
  const { file } = forkedLog();
  const { events } = verifyFile(file, { onEvent: (_body, row) => told.push(row) });
  expect(told).toHaveLength(events);
});

test('what is wrong with the log after a damaged one is told of it, and the first problem stays the first', () => {
  const { next, verify, signer, heads, origin } = forkedLog();
  const other = newSigner(`${origin}/2`);
  for (const [options, what] of [
    [{ keys: [signer.vkey] }, /no key of the log/],
    [{ keys: [other.vkey, next.vkey] }, /knows nothing of the key/],
    [{ heads: [...heads.known(), headOf(newSigner(`${origin}/3`), 7)] }, /3" at 7/],
    [{ heads: [headOf(other, 2)] }, /2" at 2/],
  ] as const) {
    const found = verify(options as never);
    expect(found.problem?.what).toMatch(/leaf hash/);
    expect(found.problems).toEqual([expect.stringMatching(/leaf hash/), expect.stringMatching(what)]);
  }
  const last = 'seq = (SELECT max(seq) FROM ev)';
  expect(forkedLog(`UPDATE ev SET leaf = zeroblob(32) WHERE ${last}`).verify()).toMatchObject({
    problem: { what: expect.stringMatching(/^leaf hash/) },
    logs: [{}, { events: 2, problem: { seq: 2, what: expect.stringMatching(/leaf hash/) } }],
  });
  // A log that was put together for another beginning than the one that is there.
  const link = forkedLog();
  const db = new Database(link.file);
  const events = db.prepare<[], { seq: number }>('SELECT seq FROM ev').all();
  expect(events.length).toBeGreaterThan(enough);
  rewriteBeginning(db);
  db.close();
  expect(link.verify().problems).toEqual([
    expect.stringMatching(/./),
    expect.stringMatching(/does not link to the end of the log before/),
  ]);
  // More damage in the old one, of which the beginning is then too short to compare with.
  expect(forkedLog('UPDATE ev SET leaf = zeroblob(32) WHERE seq = 100').verify().logs).toMatchObject([
    { events: 100, problem: { seq: 100 } },
    { problem: null },
  ]);
});

test('where the logs of a file begin may be missing for the first: the one after it is verified all the same', () => {
  const { verify } = forkedLog('DELETE FROM epochs WHERE number = 1');
  expect(verify().problems).toEqual([expect.stringMatching(/leaf hash/), null]);
  const { file, store } = signedLog();
  const { size } = store.head();
  store.close();
  damage(file, 'the first rows of the logs are deleted');
  const problem = { seq: size, what: expect.stringMatching(/where the logs of the file begin is missing/) };
  expect(verifyFile(file)).toMatchObject({ valid: false, problem, logs: [{ events: size, problem }] });
});

test('of a log whose last event was changed, the next log goes on from the event before it', () => {
  const { file, store, open } = signedLog();
  const { size } = store.head();
  store.close();
  damage(file, 'the body of the last event is changed');
  const damaged = open();
  const body = damaged.events({ limit: 2 })[0]?.body;
  expect(body).toMatchObject({ type: 'unreadable', data: {} });
  expect(damaged.fork('x', newSigner(damaged.nextOrigin)).size).toBe(size - 1);
});

test('an older checkpoint put back is told by the newer one that is kept outside', () => {
  const { file, store, open } = signedLog();
  const old = store.signedHead();
  say(store);
  store.close();
  const db = new Database(file);
  db.prepare('UPDATE newest_checkpoint SET size = ?, note = ?').run(old?.size, old?.note);
  db.close();
  expect(open().damage).toMatch(/older than one that is kept elsewhere/);
});

test('a log that was set back is told as that, however many revocations were written to it since', () => {
  const { file, store, open } = signedLog();
  store.checkpoint();
  const backup = temporaryPath();
  copyFileSync(file, backup);
  for (let count = 0; count < 4; count += 1) say(store);
  store.close();
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  copyFileSync(backup, file);
  const behind = open();
  expect(behind).toMatchObject({ damage: null, behind: { from: 'file' } });
  for (let count = 0; count < 9; count += 1) say(behind, 'revoked', true);
  behind.close();
  expect(open()).toMatchObject({ damage: null, behind: { from: 'file' } });
});

test('a subtree of unsigned events that is not that of its leaves is found before it is signed', () => {
  const { file, store, open } = signedLog();
  store.close();
  const locked = open({ signer: null });
  locked.commit((tx) => {
    for (let count = 0; count < enough; count += 1) tx.append(step(`${count}`));
  });
  locked.close();
  const db = new Database(file);
  db.exec('UPDATE nodes SET hash = zeroblob(32) WHERE level = 9');
  db.close();
  expect(open({ signer: null }).damage).toMatch(/its tree is not/);
});

test('damage that appears while the store is open stops issuing at once, and keeps revocations from nothing', () => {
  const { file, store } = signedLog();
  const db = new Database(file);
  onTestFinished(() => void db.close());
  // A commit that is rolled back makes the next one read the tree anew.
  const fail = () =>
    failure(() =>
      store.commit((tx) => {
        tx.append(step('x'));
        throw new TypeError('no');
      }),
    );
  fail();
  say(store);
  db.exec('DELETE FROM nodes');
  fail();
  expect(store.damage).toBeNull();
  expect(say(store, 'revoked', true).body.data).toMatchObject({ step: 'revoked' });
  expect(store.damage).toMatch(/its tree is not/);
  expect([store.failed, store.signs]).toEqual([false, false]);
  expect(failure(() => say(store))).toMatchObject({
    code: 'ERR_AUDIT_INVALID',
    hint: expect.stringMatching(/fork/),
  });
  expect(store.events({ limit: 2 }).map(({ body }) => body.type)).toEqual(['log.damaged', 'lease.step']);
  store.fork('x', newSigner(store.nextOrigin));
  say(store);
});

test('a request that meets the damage first is refused, and writes nothing but that', () => {
  const { file, store } = signedLog();
  const { size } = store.head();
  const db = new Database(file);
  onTestFinished(() => void db.close());
  db.exec('DELETE FROM nodes');
  failure(() =>
    store.commit(() => {
      throw new TypeError('no');
    }),
  );
  expect(failure(() => say(store))).toMatchObject({ code: 'ERR_AUDIT_INVALID' });
  expect(store.events({ after: size - 1 }).map(({ body }) => body.type)).toEqual(['log.damaged']);
  expect(failure(() => store.consistency(280, size))?.code).toBe('ERR_AUDIT_INVALID');
});

test('heads that cannot be let go of after a fork keep neither the fork from counting nor the next start from going on', () => {
  const { store, origin } = signedLog();
  store.close();
  const heads = memoryKeeper();
  const fails = {
    ...heads,
    settle() {
      throw new Error('EROFS');
    },
  };
  const lost = store.origin === origin ? `${origin}` : '';
  const fresh = newOrigin(systemRandom);
  const path = temporaryPath();
  const other = newSigner(lost);
  const old = openStore({
    path: temporaryPath(),
    clock: stillClock,
    random: systemRandom,
    origin: lost,
    signer: other,
    heads,
  });
  old.close();
  const options = { path, clock: stillClock, random: systemRandom, origin: fresh };
  const replaced = openStore({ ...options, signer: newSigner(fresh), heads: fails });
  expect(replaced.behind).toMatchObject({ known: { origin: lost } });
  const next = newSigner(replaced.nextOrigin);
  replaced.fork('the disk was lost', next);
  expect([replaced.behind, replaced.signs]).toEqual([null, true]);
  say(replaced);
  replaced.close();
  const again = openStore({ ...options, signer: next, heads: fails });
  expect(again.stopped).toBeNull();
  again.close();
  expect([...heads.notes.keys()]).toContain(lost);
  openStore({ ...options, signer: next, heads }).close();
  expect([...heads.notes.keys()]).not.toContain(lost);
});

test('a log that names its key does not begin again without one when everything that knows of the key is taken away', () => {
  const { file, heads, store, open } = signedLog();
  store.close();
  const db = new Database(file);
  db.exec('DELETE FROM keys; DELETE FROM checkpoints; DELETE FROM newest_checkpoint');
  db.close();
  heads.notes.clear();
  const again = open({ signer: null });
  expect(again.stopped?.message).toContain('the key that signs it is missing');
  expect(failure(() => say(again))?.code).toBe('ERR_AUDIT_INVALID');
  expect(again.events({ type: 'log.damaged' })).toHaveLength(1);
});
