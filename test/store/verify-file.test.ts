import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { failure } from '../audit/failure.ts';
import { lifeOf, open, sampleGrant, sampleLease, temporaryPath } from './support.ts';

/** A log with one grant that has ended and one that is active: nine events. */
function goodFile(): string {
  const file = temporaryPath();
  const store = open(file);
  const [first, second] = [lifeOf('g1', 'l1'), lifeOf('g2', 'l2')];
  store.commit((tx) => {
    tx.putGrant(sampleGrant('g1', { state: 'ended', endCause: 'expired' }));
    tx.putLease(sampleLease('l1', 'g1', { state: 'revoked' }));
    tx.putGrant(sampleGrant('g2'));
    tx.putLease(sampleLease('l2', 'g2'));
    for (const event of [...first.begin, ...first.issue, ...second.begin, ...second.issue, ...first.end]) {
      tx.append(event);
    }
  });
  store.close();
  return file;
}

function tamper(work: (db: Database.Database) => void): ReturnType<typeof verifyFile> {
  const file = goodFile();
  const db = new Database(file);
  db.unsafeMode(true);
  work(db);
  db.close();
  return verifyFile(file);
}

const sql = (text: string) => (db: Database.Database) => void db.exec(text);
const edit = (seq: number, from: string, to: string) => (db: Database.Database) => {
  const body = db.prepare<[number], Buffer>('SELECT body FROM ev WHERE seq = ?').pluck().get(seq);
  const changed = Buffer.from(String(body).replace(from, to));
  expect(changed.equals(body ?? changed)).toBe(false);
  db.prepare('UPDATE ev SET body = ? WHERE seq = ?').run(changed, seq);
};
/** Hashes every event anew and links it to the one before: what a careful attacker does. */
function rechain(db: Database.Database): void {
  let prev = '0'.repeat(64);
  for (const row of db.prepare<[], { seq: number; body: Buffer }>('SELECT * FROM ev ORDER BY seq').all()) {
    const body = Buffer.from(String(row.body).replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`));
    prev = leafHash(body);
    db.prepare('UPDATE ev SET body = ?, leaf = ? WHERE seq = ?').run(body, Buffer.from(prev, 'hex'), row.seq);
  }
}

test('an event at a place beyond every number that can be counted to is found, as readers would show it', () => {
  for (const row of ['9007199254740991', '9223372036854775807']) {
    const copy = sql(`INSERT INTO ev SELECT ${row}, randomblob(32), ts_ms, type, principal, target, grant_id,
      lease_id, body FROM ev WHERE seq = 3`);
    expect([row, tamper(copy).valid]).toEqual([row, false]);
  }
});

test('a good file is valid, also while it is open and written to', () => {
  const file = goodFile();
  const closed = verifyFile(file);
  expect(closed).toMatchObject({ path: file, valid: true, events: 9, problem: null, clockSteps: 0 });
  expect(closed.firstAt).toBe('2026-11-22T10:00:00.000Z');
  const store = open(file);
  expect(verifyFile(file)).toEqual(closed);
  store.commit((tx) => tx.append({ type: 'clock.step', at: 0, data: { by_ms: 1 } }));
  expect(verifyFile(file)).toMatchObject({ valid: true, events: 10, head: store.head().leaf, clockSteps: 1 });
});

test('each way to change the rows is named with the first number that is wrong', () => {
  const swap =
    'UPDATE ev SET seq = -9 WHERE seq = 3; UPDATE ev SET seq = 3 WHERE seq = 4; UPDATE ev SET seq = 4 WHERE seq = -9';
  const manipulations: readonly [string, (db: Database.Database) => void, number][] = [
    ['one byte of a body', edit(2, 'alice', 'alicf'), 2],
    ['a leaf hash', sql('UPDATE ev SET leaf = zeroblob(32) WHERE seq = 4'), 4],
    ['the first event deleted', sql('DELETE FROM ev WHERE seq = 0'), 0],
    ['a middle event deleted', sql('DELETE FROM ev WHERE seq = 5'), 5],
    [
      'a middle event deleted, the rest moved up',
      sql('DELETE FROM ev WHERE seq = 5; UPDATE ev SET seq = seq - 1 WHERE seq > 5'),
      5,
    ],
    ['two events in the other order', sql(`PRAGMA ignore_check_constraints = 1; ${swap}`), 3],
    [
      'the last event twice',
      sql(
        'INSERT INTO ev SELECT 9, leaf, ts_ms, type, principal, target, grant_id, lease_id, body FROM ev WHERE seq = 8',
      ),
      9,
    ],
    [
      'an event of the middle again at the end',
      sql(
        'INSERT INTO ev SELECT 9, leaf, ts_ms, type, principal, target, grant_id, lease_id, body FROM ev WHERE seq = 3',
      ),
      9,
    ],
    ['a link', edit(6, '"prev":"', '"prev":"f'), 6],
    ['another origin in the table', sql("UPDATE log_meta SET origin = 'jit.0000000000000000'"), 0],
    ['a column beside a body', sql("UPDATE ev SET grant_id = 'g9' WHERE seq = 2"), 2],
  ];
  for (const [name, work, seq] of manipulations) {
    const report = tamper(work);
    expect([name, report.valid, report.problem?.seq]).toEqual([name, false, seq]);
  }
});

test('state that says something else than the log is named', () => {
  const manipulations: readonly [string, string][] = [
    [
      "UPDATE leases SET state = 'revoked' WHERE id = 'l2'",
      'lease "l2" has a state without its event "lease.revoked"',
    ],
    [
      "UPDATE leases SET state = 'active' WHERE id = 'l1'",
      'event "lease.revoked" of lease "l1" has left no such state',
    ],
    ["DELETE FROM leases WHERE id = 'l2'", 'event "lease.intent" of lease "l2" has left no such state'],
    [
      "UPDATE leases SET id = 'l3' WHERE id = 'l2'",
      'lease "l3" has a state without its event "lease.intent"',
    ],
    [
      "UPDATE grants SET state = 'active' WHERE id = 'g1'",
      'event "grant.ended" of grant "g1" has left no such state',
    ],
    [
      "UPDATE grants SET state = 'ended' WHERE id = 'g2'",
      'grant "g2" has a state without its event "grant.ended"',
    ],
  ];
  for (const [text, what] of manipulations) {
    expect(tamper(sql(text))).toMatchObject({ valid: false, problem: { what } });
  }
});

test('a cut tail is not visible in the log itself; here only the state of a lease tells of it', () => {
  const cut = 'DELETE FROM ev WHERE seq > 6;';
  expect(tamper(sql(cut))).toMatchObject({
    valid: false,
    events: 7,
    problem: { seq: 7, what: 'lease "l1" has a state without its event "lease.revoked"' },
  });
  // Who also sets the state back is not noticed: that takes a head kept outside this file.
  const states = `UPDATE leases SET state = 'active' WHERE id = 'l1'; UPDATE grants SET state = 'active' WHERE id = 'g1'`;
  expect(tamper(sql(cut + states))).toMatchObject({ valid: true, events: 7 });
});

test('a body changed with every hash made anew is not visible in the log itself either', () => {
  const report = tamper((db) => {
    edit(8, '"used_ms":1800000', '"used_ms":1')(db);
    rechain(db);
  });
  expect(report).toMatchObject({ valid: true, events: 9 });
});

test('a flipped bit anywhere in the log is found, or the file refused, and never crashes', () => {
  const file = goodFile();
  const bytes = readFileSync(file);
  const at = bytes.indexOf('lease.revoked');
  expect(at).toBeGreaterThan(0);
  for (const [position, mask] of [
    [at, 1],
    [at + 3, 128],
    [20, 255],
    [100, 255],
    [4096 * 2, 255],
  ] as const) {
    const copy = temporaryPath();
    copyFileSync(file, copy);
    const damaged = Buffer.from(bytes);
    damaged[position] = (damaged[position] ?? 0) ^ mask;
    writeFileSync(copy, damaged);
    expect([position, verifyFile(copy).valid]).toEqual([position, false]);
  }
});

test('a file that is not there is an error, not a report', () => {
  expect(failure(() => verifyFile(temporaryPath()))?.code).toBe('ERR_AUDIT_UNAVAILABLE');
});
