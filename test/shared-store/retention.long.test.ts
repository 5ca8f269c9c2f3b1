// Logs whose beginning is past its retention: what still shows that the rest is theirs, and what an owner of the database
// cannot take away unseen.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import { parseNote, signNote } from '../../src/audit/note.ts';
import { createSigner } from '../../src/audit/signer.ts';
import {
  missingLogs,
  type StoredLogReport,
  type VerifyStoreOptions,
  verifyStore,
} from '../../src/shared-store/verify.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { systemRandom } from '../../src/system/random.ts';
import { start, step, stillClock, temporaryPath } from '../store/support.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { connectAs, moveToMonth, pushAll, startStore } from './support.ts';

let server: PostgresServer;
let admin: pg.Client;

beforeAll(async () => {
  server = await startStore();
  admin = await server.connect();
});
afterAll(async () => {
  await admin.end();
  await server.stop();
});
/** One log at a time: each test has the store for itself. */
afterEach(async () => {
  await admin.query('TRUNCATE jit.events, jit.edges, jit.checkpoints, jit.logs, jit.devices');
});

const key = (name: string, byte: number) => createSigner(name, Buffer.alloc(32, byte));

/** A broker's log, signed, of which nothing is in the store yet. */
function device(options: { origin?: string; byte?: number } = {}): Store {
  const { byte = 1, ...named } = options;
  const store = openStore({ path: temporaryPath(), clock: stillClock, random: systemRandom, ...named });
  onTestFinished(() => store.close());
  store.useSigner(key(store.logOrigin, byte));
  return store;
}

/** Adds events up to `size`, each pushed with its checkpoint where `isEachPushed`. */
async function upTo(store: Store, size: number, isEachPushed = false): Promise<void> {
  while (store.head().size < size) {
    store.commit((tx) => tx.append(step(`event ${store.head().size}`)));
    if (isEachPushed) await pushAll(server, store);
  }
  await pushAll(server, store);
}

/** Events before `size` leave the store, by the function that is for that. */
async function retire(origin: string, size: number, month = '2024-01'): Promise<void> {
  const { rows } = await admin.query('SELECT min(seq)::int AS first FROM jit.events WHERE origin = $1', [
    origin,
  ]);
  await moveToMonth(admin, origin, rows[0].first, size, month);
  const end = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1)).toISOString();
  const gone = await admin.query('SELECT jit.detach_before($1) AS name', [end]);
  for (const { name } of gone.rows) await admin.query(`DROP TABLE jit.${name}`);
}

const verify = (options: VerifyStoreOptions = { keptSince: start }): Promise<StoredLogReport[]> =>
  connectAs(server, 'auditor', (connection) => verifyStore(connection, options));
const only = async (options?: VerifyStoreOptions) => (await verify(options))[0] as StoredLogReport;
const problem = async (options?: VerifyStoreOptions) => (await only(options)).problem?.what ?? null;

const when = new Date(start).toISOString();

describe('a log whose beginning was retired', () => {
  test('is verified from there on, tree and signatures, after one month and after several', async () => {
    const store = device();
    await upTo(store, 30, true);
    await retire(store.origin, 11, '2024-01');
    expect(await only()).toMatchObject({ valid: true, events: 30, from: 11, signed: 30, retiredUpTo: when });
    await retire(store.origin, 12, '2024-02');
    await retire(store.origin, 24, '2024-03');
    const { vkey } = key(store.origin, 1);
    expect(await only()).toMatchObject({ valid: true, from: 24, signed: 30, keys: [vkey] });
    expect((await only()).root).toBe(store.treeHead().root);
    await upTo(store, 40);
    expect(await only()).toMatchObject({ valid: true, from: 24, events: 40, signed: 40 });
  });

  test('is verified wherever it was cut, with one event left, and with none', async () => {
    const store = device();
    await upTo(store, 18);
    for (let size = 1; size <= 18; size += 1) {
      await retire(store.origin, size, `2024-01`);
      expect([size, await only()]).toMatchObject([size, { valid: true, from: size, signed: 18 }]);
      expect((await only()).root).toBe(store.treeHead().root);
    }
    await upTo(store, 19);
    expect(await only()).toMatchObject({ valid: true, from: 18, signed: 19 });
  });

  test('tells its events that are left, and none that is not', async () => {
    const store = device();
    await upTo(store, 9);
    await retire(store.origin, 4);
    const told: number[] = [];
    await verify({ keptSince: start, onEvent: (_origin, _body, { seq }) => told.push(seq) });
    expect(told).toEqual([4, 5, 6, 7, 8]);
  });

  test('is a problem until somebody says that the store keeps no more, and where it should keep more', async () => {
    const store = device();
    await upTo(store, 9);
    expect(await problem({})).toBeNull();
    await retire(store.origin, 4);
    expect(await problem({})).toBe(
      `its first 4 events are not there (the last is of ${when}); say how far back the store keeps them: --kept-since <when>`,
    );
    expect(await problem({ keptSince: start - 3_600_000 })).toBeNull();
    expect(await problem({ keptSince: start - 3_600_001 })).toContain('should be kept since');
    expect(await only({})).toMatchObject({ valid: false, signed: 9, retiredUpTo: when });
  });

  test('is not valid without the edge of it, in a store that never kept one either', async () => {
    const store = device();
    await upTo(store, 9);
    await server.sql('DELETE FROM jit.events WHERE seq = 0');
    const said = 'its first event is not there, and no edge was kept of them (jit.detach_before keeps one)';
    expect(await problem()).toBe(said);
    await admin.query('ALTER TABLE jit.edges RENAME TO elsewhere');
    expect(await problem()).toBe(said);
    await admin.query('ALTER TABLE jit.elsewhere RENAME TO edges');
    await server.sql('DELETE FROM jit.events');
    expect(await problem()).toContain('its first 9 events are not there, and no edge');
  });

  test.each<[string, string, string]>([
    ['one node is wrong', `UPDATE jit.edges SET nodes[1] = sha256('x') WHERE size = 11`, 'another tree'],
    [
      'its event is another',
      `UPDATE jit.edges SET body = convert_to(replace(convert_from(body, 'UTF8'), 'event 10', 'event x'), 'UTF8') WHERE size = 11`,
      'previous hash',
    ],
    ['its event is none', `UPDATE jit.edges SET body = '{}' WHERE size = 11`, 'none of this log and size'],
    ['a node is no hash', `UPDATE jit.edges SET nodes[1] = 'x' WHERE size = 11`, 'none of this log and size'],
    ['it names another key', `UPDATE jit.edges SET vkey = replace(vkey, '+', '+0') WHERE size = 11`, 'key'],
    ['it names no key', 'UPDATE jit.edges SET vkey = NULL WHERE size = 11', 'key'],
    ['it is of more events', 'UPDATE jit.edges SET size = 13 WHERE size = 11', 'no edge'],
    [
      'no checkpoint is left',
      `DELETE FROM jit.checkpoints; UPDATE jit.logs SET checkpoint = NULL`,
      'no checkpoint',
    ],
  ])('is not valid when %s', async (_, change, said) => {
    const store = device();
    await upTo(store, 15, true);
    await retire(store.origin, 11);
    expect(await problem()).toBeNull();
    await admin.query(change);
    expect(await problem()).toContain(said);
  });

  test('is not valid when its owner takes away more, and makes the edge of that by hand', async () => {
    const store = device();
    await upTo(store, 15);
    await retire(store.origin, 5);
    const { rows } = await admin.query('SELECT body FROM jit.events WHERE seq < 10 ORDER BY seq');
    await admin.query('DELETE FROM jit.events WHERE seq < 10');
    // Ten events less the last are 1001 in binary: two nodes, one of them made up.
    await admin.query(
      `INSERT INTO jit.edges SELECT origin, 10, ARRAY[sha256('x'), $1::bytea], vkey, $2::bytea, now() FROM jit.edges WHERE size = 5`,
      [Buffer.from(leafHash(rows[3].body), 'hex'), rows[4].body],
    );
    expect(await problem()).toContain('another tree');
  });

  test('cannot be said to end earlier when nothing of it is left', async () => {
    const store = device();
    await upTo(store, 7);
    const at = start + 86_400_000;
    store.commit((tx) => tx.append({ ...step('the next day'), at }));
    await pushAll(server, store);
    await retire(store.origin, 8);
    expect(await problem()).toContain('should be kept since');
    // As if the last had been of the day before.
    await admin.query(`UPDATE jit.edges SET body = convert_to(replace(convert_from(body, 'UTF8'),
      '${new Date(at).toISOString()}', '${when}'), 'UTF8')`);
    await admin.query(
      `UPDATE jit.logs SET head = sha256('\\x00'::bytea || (SELECT body FROM jit.edges WHERE size = 8))`,
    );
    expect(await problem()).toContain('another tree');
  });
});

describe('keys and logs that follow each other, across a cut', () => {
  test.each([10, 11, 12, 13])('the key changes with event 11, and %i events are gone', async (size) => {
    const store = device();
    await upTo(store, 11);
    store.rotate(key(store.logOrigin, 2));
    await upTo(store, 16);
    await retire(store.origin, size);
    const keys = [1, 2].map((byte) => key(store.origin, byte).vkey);
    expect(await only()).toMatchObject({ valid: true, signed: 16, keys });
    for (const vkey of keys) expect(await problem({ keptSince: start, keys: [vkey] })).toBeNull();
  });

  test('the first key is enough for good, as long as each has signed together with the next', async () => {
    const store = device();
    for (const byte of [2, 3, 4]) {
      await upTo(store, 5 * byte);
      store.rotate(key(store.logOrigin, byte));
    }
    await upTo(store, 24);
    await retire(store.origin, 12, '2024-01');
    await retire(store.origin, 23, '2024-02');
    const keys = [1, 2, 3, 4].map((byte) => key(store.origin, byte).vkey);
    expect(await only()).toMatchObject({ valid: true, keys });
    const [first = '', second = '', ...later] = keys;
    expect(await problem({ keptSince: start, keys: [first] })).toBeNull();
    // The owner of the database has a key of its own that the first one never signed with.
    const [row] = await server.sql('SELECT note FROM jit.checkpoints WHERE size = 11');
    const note = parseNote(String(row?.['note']));
    const own = key(store.origin, 9);
    const forged = signNote(note?.text ?? '', [own])
      .split('\n')
      .at(-2);
    await admin.query(
      `UPDATE jit.checkpoints SET note = regexp_replace(note, '[^\\n]+\\n$', '') || $1 || E'\\n' WHERE size = 11`,
      [forged],
    );
    expect((await only()).keys).toEqual([second, ...later]);
    await admin.query(`UPDATE jit.edges SET vkey = $1 WHERE size = 11`, [own.vkey]);
    expect((await only()).keys).toEqual([second, ...later]);
    expect(await problem({ keptSince: start, keys: [first] })).toBe(
      `the log knows nothing of the key "${first}"`,
    );
  });

  test('an edge at a change of key needs the checkpoint of both, and the key that it names', async () => {
    const store = device();
    await upTo(store, 11);
    store.rotate(key(store.logOrigin, 2));
    await upTo(store, 16);
    await retire(store.origin, 12);
    expect(await problem()).toBeNull();
    await admin.query('UPDATE jit.edges SET vkey = $1 WHERE size = 12', [key(store.origin, 1).vkey]);
    expect(await problem()).toContain('not the one that it names');
    await admin.query('UPDATE jit.edges SET vkey = $1 WHERE size = 12', [key(store.origin, 2).vkey]);
    await admin.query('DELETE FROM jit.checkpoints WHERE size = 12');
    expect(await problem()).toContain('hands over');
  });

  test.each([1, 2, 3])('a log that went on from another, of which %i events are gone', async (size) => {
    const store = device();
    await upTo(store, 6);
    store.fork('a test', key(store.nextOrigin, 3));
    await upTo(store, 5);
    await retire(store.logOrigin, size);
    await retire(store.origin, 6);
    expect(await verify()).toMatchObject([
      { origin: store.origin, valid: true, from: 6, signed: 6 },
      { origin: store.logOrigin, valid: true, from: size, signed: 5 },
    ]);
    await admin.query(
      `UPDATE jit.logs SET previous = jsonb_set(previous, '{root}', '"${'0'.repeat(64)}"') WHERE previous IS NOT NULL`,
    );
    // What the fork said is signed as long as it is there; later this is only what the store says of itself.
    expect((await verify())[1]?.valid).toBe(size > 2);
  });

  test('of two logs, once what ties them is retired, another in the place of the first is found by its key alone', async () => {
    const store = device();
    await upTo(store, 6);
    store.fork('a test', key(store.nextOrigin, 3));
    await upTo(store, 5);
    await retire(store.logOrigin, 3);
    const keys = [key(store.origin, 1).vkey, key(store.logOrigin, 3).vkey];
    expect((await verify({ keptSince: start, keys })).map(({ valid }) => valid)).toEqual([true, true]);
    for (const table of ['events', 'edges', 'checkpoints', 'logs'])
      await admin.query(`DELETE FROM jit.${table} WHERE origin = $1`, [store.origin]);
    await upTo(device({ origin: store.origin, byte: 9 }), 7);
    // As docs/security.md says.
    expect((await verify()).map(({ valid }) => valid)).toEqual([true, true]);
    expect((await verify({ keptSince: start, keys })).map(({ problem: what }) => what?.what ?? null)).toEqual(
      [null, `the log knows nothing of the key "${keys[0]}"`],
    );
  });
});

describe('what is known elsewhere', () => {
  test('shows that a whole log was written anew: a key, and a head', async () => {
    const store = device();
    await upTo(store, 9);
    const note = store.signedHead()?.note as string;
    const { vkey } = key(store.origin, 1);
    expect(await problem({ keys: [vkey], heads: [note] })).toBeNull();
    await admin.query('TRUNCATE jit.events, jit.edges, jit.checkpoints, jit.logs, jit.devices');
    const lie = device({ origin: store.origin, byte: 9 });
    await upTo(lie, 12);
    expect(await only({})).toMatchObject({ valid: true, signed: 12 });
    expect(await problem({ keys: [vkey] })).toBe(`the log knows nothing of the key "${vkey}"`);
    expect(await problem({ heads: [note] })).toContain('does not lead to the head');
  });

  test('shows that a log was set back, and that one is missing; other logs stay as they are', async () => {
    const store = device();
    const other = device({ byte: 5 });
    await upTo(other, 4);
    await upTo(store, 6);
    const heads = [store.signedHead()?.note as string];
    await upTo(store, 9);
    expect((await verify({ heads })).map(({ valid }) => valid)).toEqual([true, true]);
    store.commit((tx) => tx.append(step('not pushed')));
    const newer = [store.signedHead()?.note as string];
    const reports = await verify({ heads: newer });
    const bad = reports.filter(({ valid }) => !valid);
    expect(bad.map(({ origin, problem: found }) => [origin, found?.what])).toEqual([
      [store.origin, expect.stringContaining('does not lead to the head')],
    ]);
    expect(missingLogs(reports, { heads: newer })).toEqual([]);
    const absent = device({ byte: 7 });
    absent.commit((tx) => tx.append(step('a')));
    const elsewhere = {
      heads: [absent.signedHead()?.note as string],
      keys: [key('jit.nobody00000', 2).vkey],
    };
    expect(missingLogs(reports, elsewhere)).toEqual([absent.origin, 'jit.nobody00000']);
  });

  test('a key of the first log alone does not vouch for the one after a fork', async () => {
    const store = device();
    await upTo(store, 6);
    store.fork('a test', key(store.nextOrigin, 3));
    await upTo(store, 4);
    const [first, second] = [key(store.origin, 1).vkey, key(store.logOrigin, 3).vkey];
    const found = async (keys: string[]) =>
      (await verify({ keys })).map(({ problem: what }) => what?.what ?? null);
    expect(await found([first])).toEqual([
      null,
      `no key of the log "${store.logOrigin}" is among those given`,
    ]);
    expect(await found([second])).toEqual([null, null]);
    expect(await found([first, second])).toEqual([null, null]);
  });

  test('a head of what is gone can be compared with nothing; one over exactly that can, and one of no event', async () => {
    const store = device();
    const heads: string[] = [];
    while (store.head().size < 9) {
      await upTo(store, store.head().size + 1);
      heads.push(store.signedHead()?.note as string);
    }
    await retire(store.origin, 6);
    const said = async (size: number) =>
      problem({ keptSince: start, heads: heads.filter((head) => Number(head.split('\n')[1]) === size) });
    expect(await said(5)).toContain('not there any more; give one of at least 6');
    for (const size of [6, 7, 9]) expect([size, await said(size)]).toEqual([size, null]);
  });
});
