// Proofs of single events from the store alone: that they are those of the device, also across what is retired, and that
// nothing that its owner changes makes another one.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseVkey, type VerifierKey } from '../../src/audit/note.ts';
import { createSigner } from '../../src/audit/signer.ts';
import { type EventProof, parseProof, type TlogProof, verifyProof } from '../../src/audit/tlog-proof.ts';
import type { JitError } from '../../src/core/errors.ts';
import type { StoreConnection } from '../../src/shared-store/connection.ts';
import { proveStored } from '../../src/shared-store/prove.ts';
import { openStore } from '../../src/store/open.ts';
import { proveEvent } from '../../src/store/prove.ts';
import type { Store } from '../../src/store/store.ts';
import { systemRandom } from '../../src/system/random.ts';
import { step, stillClock, temporaryPath } from '../store/support.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { appendText, appendValues, chain, connectAs, moveToMonth, pushAll, startStore } from './support.ts';

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
afterEach(async () => {
  await admin.query('TRUNCATE jit.events, jit.edges, jit.checkpoints, jit.logs, jit.devices');
});

const key = (name: string, byte: number) => createSigner(name, Buffer.alloc(32, byte));

/** A broker's log, signed, of which nothing is in the store yet. */
function device(byte = 1): { store: Store; file: string } {
  const file = temporaryPath();
  const store = openStore({ path: file, clock: stillClock, random: systemRandom });
  onTestFinished(() => store.close());
  store.useSigner(key(store.logOrigin, byte));
  return { store, file };
}

/** Adds events up to `size` and pushes them; one by one, each with its checkpoint, where `isEachPushed`. */
async function upTo(store: Store, size: number, isEachPushed = false): Promise<void> {
  while (store.head().size < size) {
    store.commit((tx) => tx.append(step(`event ${store.head().size}`)));
    if (isEachPushed) await pushAll(server, store);
  }
  await pushAll(server, store);
}

/** Events before `size` leave the store, by the function that is for that. */
async function retire(origin: string, size: number, month: string): Promise<void> {
  const { rows } = await admin.query('SELECT min(seq)::int AS first FROM jit.events WHERE origin = $1', [
    origin,
  ]);
  await moveToMonth(admin, origin, rows[0].first, size, month);
  const end = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1)).toISOString();
  const gone = await admin.query('SELECT jit.detach_before($1) AS name', [end]);
  for (const { name } of gone.rows) await admin.query(`DROP TABLE jit.${name}`);
}

/** Many at once, over one connection. */
const proveAll = (names: readonly string[]): Promise<EventProof[]> =>
  connectAs(server, 'auditor', async (connection) => {
    const proofs: EventProof[] = [];
    for (const which of names) proofs.push(await proveStored(connection, which));
    return proofs;
  });
const prove = (which: string): Promise<EventProof> =>
  connectAs(server, 'auditor', (connection) => proveStored(connection, which));

async function refusal(which: string): Promise<Pick<JitError, 'code' | 'message' | 'hint'>> {
  const thrown: unknown = await prove(which).then(
    () => null,
    (error: unknown) => error,
  );
  const { code, message, hint } = thrown as JitError;
  return { code, message, hint };
}

function holds({ proof }: EventProof, vkey: string): boolean {
  const parsed = parseProof(proof) as TlogProof;
  return verifyProof(parsed, parsed.extra as Buffer, [parseVkey(vkey) as VerifierKey]).valid;
}

test('each event of a log has the very proof that its device makes, by its place and by its leaf hash', async () => {
  const { store, file } = device();
  for (const size of [1, 2, 7, 8, 21]) {
    await upTo(store, size);
    const own = Array.from({ length: size }, (_, seq) => proveEvent(file, `${seq}`));
    expect(await proveAll(own.map(({ seq }) => `${store.origin}:${seq}`))).toEqual(own);
    expect(await proveAll(own.map(({ leaf }) => leaf))).toEqual(own);
  }
  expect(await prove('20')).toEqual(proveEvent(file, '20'));
});

test('of several logs the one is meant that is named; one after a fork has a name of its own', async () => {
  const { store, file } = device();
  await upTo(store, 5);
  store.fork('a test', key(store.nextOrigin, 2));
  await upTo(store, 4);
  for (const which of [`${store.origin}:3`, `${store.logOrigin}:3`]) {
    expect(await prove(which)).toEqual(proveEvent(file, which));
  }
  expect(await refusal('3')).toEqual({
    code: 'ERR_USAGE',
    message: 'the shared store has 2 logs, and "3" names none of them',
    hint: `write <log>:3, for example ${store.origin}:3; jit audit verify --store names them all`,
  });
});

test('the newest checkpoint that the store was given is the one that counts, and events after it have none', async () => {
  const { store, file } = device();
  await upTo(store, 6);
  const signed = proveEvent(file, '5');
  const other = openStore({ path: file, clock: stillClock, random: systemRandom });
  other.commit((tx) => tx.append(step('unsigned')));
  await pushAll(server, other);
  other.close();
  expect(await prove('5')).toEqual(signed);
  expect(await refusal('6')).toEqual({
    code: 'ERR_AUDIT_UNAVAILABLE',
    message: `event 6 of "${store.origin}" cannot be proven: no checkpoint in the shared store covers it (the newest one covers 6 events)`,
    hint: 'its device signs and sends one: jit audit sync, there',
  });
});

test('what names no event of the store is told as that, with what to do', async () => {
  expect(await refusal('0')).toMatchObject({ code: 'ERR_USAGE', message: 'the shared store has no log' });
  const { store } = device();
  await upTo(store, 3);
  const { origin } = store;
  expect(await refusal(`${origin}:3`)).toEqual({
    code: 'ERR_USAGE',
    message: `the shared store has events 0 to 2 of "${origin}", and no event 3`,
    hint: 'what is newer has to be sent first: jit audit sync, on its device',
  });
  expect(await refusal('jit.nobody00000:0')).toEqual({
    code: 'ERR_USAGE',
    message: 'the shared store has no log "jit.nobody00000"',
    hint: 'jit audit verify --store names the logs that are there',
  });
  for (const which of ['ab'.repeat(32), 'x', `${origin}:-1`, `${origin}:999999999999999`]) {
    expect([which, (await refusal(which)).code]).toEqual([which, 'ERR_USAGE']);
  }
  const bare = await server.connect('postgres', 'writer', 'writer');
  await bare.query('SELECT jit.register($1)', ['jit.unsigned00']);
  await bare.query(appendText, appendValues('jit.unsigned00', 0, chain('jit.unsigned00', 2)));
  await bare.end();
  expect(await refusal('jit.unsigned00:1')).toMatchObject({
    code: 'ERR_AUDIT_UNAVAILABLE',
    message: expect.stringContaining('(it has none)'),
  });
});

describe('a log whose beginning was retired', () => {
  test('has the proofs of its device for all that is left and for the last that is not, wherever it was cut', async () => {
    const { store, file } = device();
    await upTo(store, 18);
    const own = Array.from({ length: 18 }, (_, seq) => proveEvent(file, `${seq}`));
    for (const size of [1, 2, 3, 7, 8, 9, 16, 17, 18]) {
      await retire(store.origin, size, '2024-01');
      const there = own.slice(size - 1);
      expect([size, await proveAll(there.map(({ seq }) => `${seq}`))]).toEqual([size, there]);
      if (size === 9) expect(await prove(own[8]?.leaf ?? '')).toEqual(own[8]);
      if (size === 9) {
        expect(await refusal('6')).toEqual({
          code: 'ERR_AUDIT_UNAVAILABLE',
          message: `event 6 of "${store.origin}" cannot be proven: it was kept, and no checkpoint right after it; what comes next, up to event 8, is retired`,
          hint: `prove it where the log is whole, on its device: jit audit prove ${store.origin}:6`,
        });
      }
    }
  });

  test('says so of an event that is gone with it', async () => {
    const { store } = device();
    await upTo(store, 12);
    await retire(store.origin, 7, '2024-01');
    expect(await refusal('4')).toEqual({
      code: 'ERR_AUDIT_UNAVAILABLE',
      message: `event 4 of "${store.origin}" is gone from the shared store: those before 7 are retired`,
      hint: `prove it where the log is whole, on its device: jit audit prove ${store.origin}:4`,
    });
  });

  test('proves a retired change of key by the checkpoint that both keys have signed', async () => {
    const { store, file } = device();
    await upTo(store, 6);
    store.rotate(key(store.logOrigin, 2));
    await upTo(store, 12);
    await retire(store.origin, 10, '2024-01');
    const rotated = await prove('6');
    expect(rotated).toMatchObject({ seq: 6, size: 7, leaf: proveEvent(file, '6').leaf });
    for (const byte of [1, 2]) expect(holds(rotated, key(store.origin, byte).vkey)).toBe(true);
    expect((await refusal('0')).message).toContain('what comes next, up to event 9, is retired');
  });

  test('is whole again once its months are attached', async () => {
    const { store, file } = device();
    await upTo(store, 9);
    await moveToMonth(admin, store.origin, 0, 5, '2024-01');
    await admin.query("SELECT jit.detach_before('2024-02-01')");
    expect((await refusal('2')).code).toBe('ERR_AUDIT_UNAVAILABLE');
    await admin.query(
      `ALTER TABLE jit.events ATTACH PARTITION jit.events_2024_01 FOR VALUES FROM ('2024-01-01Z') TO ('2024-02-01Z')`,
    );
    expect(await prove('2')).toEqual(proveEvent(file, '2'));
    await admin.query(
      'ALTER TABLE jit.events DETACH PARTITION jit.events_2024_01; DROP TABLE jit.events_2024_01',
    );
  });
});

describe('whoever owns the database', () => {
  const body = `convert_to(replace(convert_from(body, 'UTF8'), 'event 7', 'event x'), 'UTF8')`;
  const ways: readonly [what: string, sql: string][] = [
    ['changes the event', `UPDATE jit.events SET body = ${body} WHERE seq = 7`],
    [
      'changes the event and its hash',
      `UPDATE jit.events SET body = ${body}, leaf = sha256('\\x00'::bytea || ${body}) WHERE seq = 7`,
    ],
    ['changes the hash of another event', `UPDATE jit.events SET leaf = sha256('x') WHERE seq = 9`],
    ['makes a hash too long', `UPDATE jit.events SET leaf = leaf || 'x' WHERE seq = 9`],
    ['takes an event away', 'DELETE FROM jit.events WHERE seq = 9'],
    ['takes this event away', 'DELETE FROM jit.events WHERE seq = 7'],
    ['takes the beginning away', 'DELETE FROM jit.events WHERE seq < 6'],
    ['takes the end away', 'DELETE FROM jit.events WHERE seq > 10'],
    ['puts another event in its place', 'UPDATE jit.events SET seq = 100 - seq WHERE seq = 7'],
    [
      'puts an event there twice',
      `INSERT INTO jit.events SELECT origin, seq, leaf, prev, body, received + '1s' FROM jit.events WHERE seq = 9`,
    ],
    ['changes a node of the edge', `UPDATE jit.edges SET nodes[1] = sha256('x') WHERE size = 5`],
    ['changes the number of nodes', `UPDATE jit.edges SET size = 7 WHERE size = 5`],
    ['takes the edge away', 'DELETE FROM jit.edges WHERE size = 5'],
    ['changes the event of the edge', `UPDATE jit.edges SET body = '{}' WHERE size = 5`],
    ['has a checkpoint that is none', `UPDATE jit.logs SET checkpoint = 'x'`],
    [
      'has one of another log',
      `UPDATE jit.logs SET checkpoint = replace(checkpoint, origin, 'jit.another0000')`,
    ],
    [
      'has one over more events',
      `UPDATE jit.logs SET checkpoint = replace(checkpoint, E'\\n12\\n', E'\\n13\\n')`,
    ],
    [
      'says that there are fewer nodes',
      `UPDATE jit.edges SET nodes = ARRAY[nodes[1]] || NULL::bytea WHERE size = 5`,
    ],
  ];

  test(`has ${ways.length} ways to get in the way of a proof; each is told, and none makes another proof`, async () => {
    const { store } = device();
    await upTo(store, 12);
    await retire(store.origin, 5, '2024-01');
    const honest = await prove('7');
    // In the transaction that made the change, so that nobody has to put it back.
    const own: StoreConnection = {
      rows: async <R>(text: string, values: readonly unknown[] = []) =>
        (await admin.query(text, [...values])).rows as R[],
      run: async () => undefined,
    };
    expect(await proveStored(own, '7')).toEqual(honest);
    for (const [what, change] of ways) {
      await admin.query('BEGIN; ALTER TABLE jit.edges DROP CONSTRAINT edges_check');
      try {
        expect([what, (await admin.query(change)).rowCount]).not.toEqual([what, 0]);
        const thrown: unknown = await proveStored(own, '7').catch((error: unknown) => error);
        const { code, message, hint } = thrown as JitError;
        expect([what, code, message, hint]).toEqual([
          what,
          'ERR_AUDIT_INVALID',
          expect.stringContaining(`the log "${store.origin}" in the shared store is not whole: `),
          'jit audit verify --store',
        ]);
      } finally {
        await admin.query('ROLLBACK');
      }
    }
    expect(await prove('7')).toEqual(honest);
  });

  test('gets no proof for a tree of its own that the key of the log would vouch for', async () => {
    const { store } = device();
    await upTo(store, 6);
    const lie = openStore({
      path: temporaryPath(),
      clock: stillClock,
      random: systemRandom,
      origin: store.origin,
    });
    onTestFinished(() => lie.close());
    lie.useSigner(key(store.origin, 9));
    await admin.query('TRUNCATE jit.events, jit.edges, jit.checkpoints, jit.logs, jit.devices');
    await upTo(lie, 8);
    const proof = await prove('3');
    expect(holds(proof, key(store.origin, 9).vkey)).toBe(true);
    expect(holds(proof, key(store.origin, 1).vkey)).toBe(false);
  });
});

test('a writer cannot read, and so proves nothing', async () => {
  const { store } = device();
  await upTo(store, 3);
  await expect(
    connectAs(server, 'writer', (connection) => proveStored(connection, '1')),
  ).rejects.toMatchObject({ code: 'ERR_TARGET_REFUSED' });
});
