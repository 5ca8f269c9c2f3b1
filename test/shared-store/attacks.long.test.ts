// What the owner of the database may try, who can change every row, type and function and has no key of a device; and what a
// single broker can put there to keep others from being verified.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { noLeaf, type PlacedEvent, placeEvent } from '../../src/audit/chain.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import type { AuditEvent, LogHead } from '../../src/audit/event.ts';
import { createFrontier } from '../../src/audit/merkle.ts';
import { createSigner, type Signer } from '../../src/audit/signer.ts';
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
import { appendText, appendValues, connectAs, moveToMonth, pushAll, startStore } from './support.ts';

let server: PostgresServer;
let admin: pg.Client;
let writer: pg.Client;

beforeAll(async () => {
  server = await startStore();
  admin = await server.connect();
  writer = await server.connect('postgres', 'writer', 'writer');
});
afterAll(async () => {
  await Promise.all([admin, writer].map((client) => client.end()));
  await server.stop();
});
afterEach(async () => {
  await admin.query('TRUNCATE jit.events, jit.edges, jit.checkpoints, jit.logs, jit.devices');
});

const key = (name: string, byte: number) => createSigner(name, Buffer.alloc(32, byte));

function device(byte = 1): Store {
  const store = openStore({ path: temporaryPath(), clock: stillClock, random: systemRandom });
  onTestFinished(() => store.close());
  store.useSigner(key(store.logOrigin, byte));
  return store;
}

async function upTo(store: Store, size: number, isEachPushed = false): Promise<void> {
  while (store.head().size < size) {
    store.commit((tx) => tx.append(step(`event ${store.head().size}`)));
    if (isEachPushed) await pushAll(server, store);
  }
  await pushAll(server, store);
}

async function retire(origin: string, size: number): Promise<void> {
  await moveToMonth(admin, origin, 0, size, '2024-01');
  const gone = await admin.query("SELECT jit.detach_before('2024-02-01Z') AS name");
  for (const { name } of gone.rows) await admin.query(`DROP TABLE jit.${name}`);
}

const verify = (options: VerifyStoreOptions = {}): Promise<StoredLogReport[]> =>
  connectAs(server, 'auditor', (connection) => verifyStore(connection, options));
const isValid = async (options: VerifyStoreOptions = {}): Promise<boolean> => {
  const reports = await verify(options);
  return reports.every(({ valid }) => valid) && missingLogs(reports, options).length === 0;
};
const problems = async (options: VerifyStoreOptions = {}) =>
  (await verify(options)).map(({ problem }) => problem?.what ?? null);

/** A log of these events, as the owner of the database invents one. */
function invent(origin: string, events: readonly Pick<AuditEvent, 'type' | 'data'>[]): PlacedEvent[] {
  const placed: PlacedEvent[] = [];
  for (const event of events) {
    const place = { origin, seq: placed.length, prev: placed.at(-1)?.leaf ?? noLeaf, boot: 'b', monoMs: 1 };
    placed.push(placeEvent({ ...event, at: start } as AuditEvent, place));
  }
  return placed;
}

function headOf(origin: string, events: readonly PlacedEvent[]): LogHead {
  const frontier = createFrontier();
  for (const { leaf } of events) frontier.append(Buffer.from(leaf, 'hex'));
  return { origin, size: events.length, root: frontier.root().toString('hex') };
}

async function put(
  origin: string,
  events: readonly PlacedEvent[],
  signer: Signer | null = null,
): Promise<void> {
  await admin.query(`UPDATE jit.devices SET registered_by = session_user;
    UPDATE jit.logs SET registered_by = session_user`);
  await admin.query('SELECT jit.register($1)', [origin]);
  const note = signer && signCheckpoint(headOf(origin, events), [signer]);
  await admin.query(appendText, appendValues(origin, 0, events, note));
}

/** Everything that the store has of one log. */
async function wipe(origin: string): Promise<void> {
  for (const table of ['events', 'edges', 'checkpoints', 'logs'])
    await admin.query(`DELETE FROM jit.${table} WHERE origin = $1`, [origin]);
  await admin.query('DELETE FROM jit.devices WHERE device = $1', [origin.split('/')[0]]);
}

const opening = (data: Record<string, unknown>) =>
  ({ type: 'log.open', data: { version: '0.1.0', ...data } }) as Pick<AuditEvent, 'type' | 'data'>;
const fork = (previous: LogHead, known: LogHead | null) =>
  ({ type: 'log.fork', data: { reason: 'disk', previous, known } }) as Pick<AuditEvent, 'type' | 'data'>;
const plain = { type: 'lease.step', data: { step: 'x', facts: {} } } as Pick<AuditEvent, 'type' | 'data'>;

describe('a fork that nobody has signed for', () => {
  test('does not excuse that a head which is kept elsewhere is not led to', async () => {
    const store = device();
    await upTo(store, 9);
    const heads = [store.signedHead()?.note as string];
    await wipe(store.origin);
    const lie = invent(store.origin, [opening({}), plain, plain]);
    await put(store.origin, lie);
    expect(await isValid({ heads })).toBe(false);
    const previous = headOf(store.origin, lie);
    const known = { origin: store.origin, size: 1_000_000, root: 'a'.repeat(64) };
    const own = key(`${store.origin}/2`, 9);
    await put(
      own.vkey.split('+')[0] as string,
      invent(`${store.origin}/2`, [opening({ previous, vkey: own.vkey }), fork(previous, known)]),
      own,
    );
    expect(await problems()).toEqual([null, null]);
    expect((await problems({ heads }))[0]).toContain(
      `"${store.origin}/2" says that it was lost: give its key`,
    );
    // Who has the key from elsewhere believes what it has signed.
    expect(await problems({ heads, keys: [own.vkey] })).toEqual([null, null]);
  });

  test('nor that the log of such a head is not there at all', async () => {
    const store = device();
    await upTo(store, 3);
    store.fork('a test', key(store.nextOrigin, 3));
    await upTo(store, 4);
    const heads = [store.signedHead()?.note as string];
    expect(await isValid({ heads })).toBe(true);
    await wipe(store.logOrigin);
    const previous = { origin: store.origin, size: 3, root: (await verify())[0]?.root as string };
    const name = `${store.origin}/3`;
    await put(
      name,
      invent(name, [
        opening({ previous }),
        fork(previous, { ...previous, origin: `${store.origin}/2`, size: 99 }),
      ]),
    );
    expect(await isValid()).toBe(true);
    expect(await isValid({ heads })).toBe(false);
  });

  test('does not become older than the log with the key that was given by another order of the logs', async () => {
    const store = device();
    await upTo(store, 5);
    const keys = [key(store.origin, 1).vkey];
    const previous = { origin: store.origin, size: 5, root: (await verify())[0]?.root as string };
    const name = `${store.origin}/2`;
    await put(name, invent(name, [opening({ previous }), fork(previous, null), plain]));
    expect(await isValid({ keys })).toBe(false);
    await admin.query(`UPDATE jit.logs SET device = 'jit.0' WHERE origin = $1`, [name]);
    expect(await isValid({ keys })).toBe(false);
    await admin.query(`ALTER TABLE jit.logs RENAME TO really;
      CREATE VIEW jit.logs AS SELECT * FROM (
        SELECT *, 'a' AS o FROM jit.really WHERE origin NOT LIKE '%/2'
        UNION ALL SELECT *, 'b' FROM jit.really WHERE origin LIKE '%/2'
        UNION ALL SELECT *, 'c' FROM jit.really WHERE origin NOT LIKE '%/2') AS t;
      GRANT SELECT ON jit.logs TO jit_auditor`);
    try {
      await expect(isValid({ keys })).rejects.toMatchObject({ code: 'ERR_AUDIT_INVALID' });
    } finally {
      await admin.query('DROP VIEW jit.logs; ALTER TABLE jit.really RENAME TO logs');
    }
  });
});

describe('the log before a fork', () => {
  /** Of a device whose newest key is known: the first log has 6 events, the second 4. */
  async function forked(known: LogHead | null = null): Promise<{ store: Store; keys: string[] }> {
    const store = device();
    await upTo(store, 6);
    if (known) store.distrust('file', known);
    store.fork('a test', key(store.nextOrigin, 3));
    await upTo(store, 4);
    const keys = [key(store.logOrigin, 3).vkey];
    expect(await problems({ keys })).toEqual([null, null]);
    return { store, keys };
  }

  test.each([
    ['with as many events', 6],
    ['with more events', 9],
  ])('cannot be another one, %s', async (_, count) => {
    const { store, keys } = await forked();
    const second = await admin.query('SELECT seq, body FROM jit.events WHERE origin = $1 ORDER BY seq', [
      store.logOrigin,
    ]);
    expect(second.rows).toHaveLength(4);
    await admin.query('DELETE FROM jit.events WHERE origin = $1', [store.origin]);
    await admin.query('DELETE FROM jit.checkpoints WHERE origin = $1', [store.origin]);
    await admin.query(
      `UPDATE jit.logs SET size = 0, head = decode($2, 'hex'), checkpoint = NULL, checkpoint_size = NULL WHERE origin = $1`,
      [store.origin, noLeaf],
    );
    await put(
      store.origin,
      invent(store.origin, [opening({}), ...Array<typeof plain>(count - 1).fill(plain)]),
    );
    expect(await isValid({ keys })).toBe(false);
  });

  test('cannot be cut off unseen', async () => {
    const store = device();
    await upTo(store, 6, true);
    const heads = [store.signedHead()?.note as string];
    store.fork('a test', key(store.nextOrigin, 3));
    await upTo(store, 4);
    expect(await isValid()).toBe(true);
    await admin.query('DELETE FROM jit.events WHERE origin = $1 AND seq >= 4', [store.origin]);
    await admin.query('DELETE FROM jit.checkpoints WHERE origin = $1 AND size > 4', [store.origin]);
    await admin.query(
      `UPDATE jit.logs SET size = 4, checkpoint = NULL, checkpoint_size = NULL,
      head = (SELECT leaf FROM jit.events e WHERE e.origin = $1 AND seq = 3) WHERE origin = $1`,
      [store.origin],
    );
    // Events that were lost before they came here look the same: it is told, and what was kept elsewhere decides.
    expect((await verify())[1]).toMatchObject({
      note: `the store has 4 events of ${store.origin}, and its fork names 6`,
    });
    expect(await isValid({ heads })).toBe(false);
  });

  test('may be what was known of it when it was set back, and nothing else', async () => {
    const store = device();
    await upTo(store, 6);
    const head = parse(store.signedHead()?.note as string);
    const older = openStore({
      path: temporaryPath(),
      clock: stillClock,
      random: systemRandom,
      origin: store.origin,
    });
    onTestFinished(() => older.close());
    older.useSigner(key(store.origin, 1));
    older.commit((tx) => tx.append(step('event 1')));
    older.distrust('file', head);
    older.fork('set back', key(older.nextOrigin, 3));
    await pushAll(server, older);
    expect(await problems()).toEqual([null, null]);
    await admin.query('DELETE FROM jit.checkpoints WHERE origin = $1', [store.origin]);
    await admin.query('DELETE FROM jit.events WHERE origin = $1', [store.origin]);
    await admin.query(
      `UPDATE jit.logs SET size = 0, head = decode($2, 'hex'), checkpoint = NULL, checkpoint_size = NULL WHERE origin = $1`,
      [store.origin, noLeaf],
    );
    await put(store.origin, invent(store.origin, [opening({}), ...Array<typeof plain>(7).fill(plain)]));
    expect((await problems())[1]).toContain('it goes on from another log');
  });
});

function parse(note: string): LogHead {
  const [origin = '', size, root = ''] = note.split('\n');
  return { origin, size: Number(size), root: Buffer.from(root, 'base64').toString('hex') };
}

describe('what no jit writes', () => {
  test.each([
    ['no head', { origin: 5, size: [], root: null }],
    ['a number', 5],
    ['a list', [1]],
    ['a text', 'jit.'],
  ])(
    'by a broker as the log before its own (%s) makes that log invalid, and no other',
    async (_, previous) => {
      const store = device();
      await upTo(store, 3);
      const origin = 'jit.oddbroker000/2';
      const body = JSON.stringify({ origin, prev: noLeaf, seq: '0', data: { previous } });
      await writer.query('SELECT jit.register($1)', [origin]);
      await writer.query('SELECT jit.append($1, 0, ARRAY[$2::bytea], NULL)', [origin, Buffer.from(body)]);
      const reports = await verify();
      expect(reports.find((log) => log.origin === origin)?.valid).toBe(false);
      expect(reports.find((log) => log.origin === store.origin)?.valid).toBe(true);
    },
  );

  test.each([
    ['no hash of the end', 'ALTER TABLE jit.logs ALTER head DROP NOT NULL; UPDATE jit.logs SET head = NULL'],
    [
      'a size below zero',
      'ALTER TABLE jit.logs DROP CONSTRAINT logs_size_check; UPDATE jit.logs SET size = -1',
    ],
    ['a size beyond numbers', 'UPDATE jit.logs SET size = 9223372036854775807'],
    ['a size that is none', `ALTER TABLE jit.logs ALTER size TYPE numeric; UPDATE jit.logs SET size = 'NaN'`],
    [
      'no leaf',
      'ALTER TABLE jit.events ALTER leaf DROP NOT NULL; UPDATE jit.events SET leaf = NULL WHERE seq = 2',
    ],
    [
      'no previous leaf',
      'ALTER TABLE jit.events ALTER prev DROP NOT NULL; UPDATE jit.events SET prev = NULL WHERE seq = 2',
    ],
    [
      'no body',
      'ALTER TABLE jit.events ALTER body DROP NOT NULL; UPDATE jit.events SET body = NULL WHERE seq = 2',
    ],
    ['a leaf that is text', `ALTER TABLE jit.events ALTER leaf TYPE text USING 'x'`],
    ['a checkpoint that is none', `UPDATE jit.logs SET checkpoint = 'x'`],
    [
      'an enormous checkpoint',
      `UPDATE jit.logs SET checkpoint = checkpoint || repeat('x', 5000000) || E'\\n'`,
    ],
    [
      'checkpoints without text',
      `ALTER TABLE jit.checkpoints ALTER note DROP NOT NULL; UPDATE jit.checkpoints SET note = NULL`,
    ],
    [
      'two checkpoints of a size',
      `ALTER TABLE jit.checkpoints DROP CONSTRAINT checkpoints_pkey;
      INSERT INTO jit.checkpoints SELECT origin, 2, 'x', received FROM jit.checkpoints LIMIT 1`,
    ],
  ])('%s is told as wrong with the log', async (_, change) => {
    const store = device();
    await upTo(store, 4, true);
    await admin.query('BEGIN');
    await admin.query(change).catch(async (thrown: unknown) => {
      await admin.query('ROLLBACK');
      throw thrown;
    });
    const reports = await verifyStore({
      rows: async <R>(text: string, values: readonly unknown[] = []) =>
        (await admin.query(text, [...values])).rows as R[],
      run: async () => undefined,
    }).finally(() => admin.query('ROLLBACK'));
    expect(reports).toMatchObject([{ valid: false, problem: { what: expect.any(String) } }]);
  });

  test('times that no clock has do not keep anybody from verifying', async () => {
    const store = device();
    await upTo(store, 4);
    for (const time of ['infinity', '-infinity', '294276-01-01', '4000-01-01 BC']) {
      await admin.query('UPDATE jit.logs SET last_seen = $1', [time]);
      expect([time, (await verify())[0]?.valid]).toEqual([time, true]);
    }
  });

  test.each([
    ['nodes that are none', 'UPDATE jit.edges SET nodes = ARRAY[NULL]::bytea[] WHERE size = 2'],
    ['no nodes', 'ALTER TABLE jit.edges ALTER nodes DROP NOT NULL; UPDATE jit.edges SET nodes = NULL'],
    ['no event', 'ALTER TABLE jit.edges ALTER body DROP NOT NULL; UPDATE jit.edges SET body = NULL'],
    ['a key that is none', `UPDATE jit.edges SET vkey = 'x'`],
    [
      'the edge of another log',
      `UPDATE jit.edges e SET body = (SELECT body FROM jit.edges o WHERE o.origin <> e.origin AND o.size = e.size)`,
    ],
  ])('%s in an edge', async (_, change) => {
    const store = device();
    const other = device();
    await upTo(store, 4);
    await upTo(other, 4);
    for (const { origin } of [store, other]) await moveToMonth(admin, origin, 0, 2, '2024-01');
    await retire(store.origin, 2);
    expect(await isValid({ keptSince: start })).toBe(true);
    await admin.query('BEGIN');
    await admin.query(change);
    const reports = await verifyStore(
      {
        rows: async <R>(text: string, values: readonly unknown[] = []) =>
          (await admin.query(text, [...values])).rows as R[],
        run: async () => undefined,
      },
      { keptSince: start },
    ).finally(() => admin.query('ROLLBACK'));
    expect(reports.some(({ valid }) => valid)).toBe(false);
  });
});

describe('rows of other places', () => {
  /** Two devices, the first with a change of key in the middle. */
  async function two(): Promise<[Store, Store]> {
    const [one, other] = [device(1), device(2)];
    await upTo(one, 5, true);
    one.rotate(key(one.logOrigin, 4));
    await upTo(one, 9, true);
    await upTo(other, 9, true);
    return [one, other];
  }

  test.each<[string, (one: string, other: string) => string]>([
    [
      'an event of another log in the place of one',
      (one, other) => `UPDATE jit.events e SET (leaf, prev, body) =
      (SELECT leaf, prev, body FROM jit.events WHERE origin = '${other}' AND seq = e.seq) WHERE origin = '${one}' AND seq = 3`,
    ],
    [
      'all events of another log',
      (one, other) => `DELETE FROM jit.events WHERE origin = '${one}';
      UPDATE jit.events SET origin = '${one}' WHERE origin = '${other}'`,
    ],
    [
      'two events in each other’s place',
      (one) => `UPDATE jit.events SET seq = 11 - seq WHERE origin = '${one}' AND seq IN (5, 6)`,
    ],
    [
      'checkpoints of another log',
      (one, other) => `UPDATE jit.logs l SET checkpoint = o.checkpoint FROM jit.logs o
      WHERE l.origin = '${one}' AND o.origin = '${other}'`,
    ],
    [
      'an old checkpoint of both keys as the newest',
      (one) => `UPDATE jit.logs SET checkpoint =
      (SELECT note FROM jit.checkpoints WHERE origin = '${one}' AND size = 6) WHERE origin = '${one}';
      DELETE FROM jit.checkpoints WHERE size = 6`,
    ],
    [
      'no checkpoint of both keys',
      (one) => `DELETE FROM jit.checkpoints WHERE origin = '${one}' AND size = 6`,
    ],
    [
      'the checkpoint of both keys without the first',
      (one) => `UPDATE jit.checkpoints SET
      note = regexp_replace(note, '[^\\n]+\\n$', '') WHERE origin = '${one}' AND size = 6`,
    ],
  ])('%s', async (name, change) => {
    const [one, other] = await two();
    expect(await isValid()).toBe(true);
    const { rows } = await admin.query('SELECT size::int FROM jit.checkpoints WHERE origin = $1', [
      one.origin,
    ]);
    expect(rows.map(({ size }) => size)).toContain(6);
    await admin.query(change(one.origin, other.origin));
    const found = (await verify()).find(({ origin }) => origin === one.origin);
    // What an old checkpoint of both keys shows is that the log led there; the rest is then told as not signed.
    if (name.includes('as the newest')) expect(found).toMatchObject({ valid: true, events: 9, signed: 6 });
    else expect(found?.valid).toBe(false);
  });

  test('columns that only the database reads change nothing of what was verified', async () => {
    const [one] = await two();
    await admin.query(`UPDATE jit.logs SET vkey = 'x', fork_of = 'y', checkpoint_size = 3, device = 'z', registered = '2001-01-01';
      UPDATE jit.events SET received = received - interval '1 day' * seq;
      CREATE OR REPLACE FUNCTION jit.said(p_body bytea) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT '{"type":"x"}'::json $$`);
    const told: string[] = [];
    const reports = await verify({
      onEvent: (origin, body) => origin === one.origin && told.push(body.type),
    });
    expect(reports.every(({ valid }) => valid)).toBe(true);
    expect(told).toHaveLength(9);
    expect(told[0]).toBe('log.open');
  });
});
