// Who waits for whom while months are made and taken out: brokers hardly, whoever else reads or writes meanwhile.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createSigner } from '../../src/audit/signer.ts';
import type { StoreConnection } from '../../src/shared-store/connection.ts';
import { openStoreExport } from '../../src/shared-store/export.ts';
import { verifyStore } from '../../src/shared-store/verify.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { systemRandom } from '../../src/system/random.ts';
import { step, stillClock, temporaryPath } from '../store/support.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import {
  appendText,
  appendValues,
  chain,
  connectAs,
  moveToMonth,
  pushAll,
  startStore,
  stateOf,
} from './support.ts';

let server: PostgresServer;
let admin: pg.Client;
let writer: pg.Client;
let auditor: pg.Client;
let made = 0;

beforeAll(async () => {
  server = await startStore();
  admin = await server.connect();
  writer = await server.connect('postgres', 'writer', 'writer');
  auditor = await server.connect('postgres', 'auditor', 'auditor');
  // As long as a broker waits, at most.
  await writer.query("SET lock_timeout = '20s'");
});
afterAll(async () => {
  await Promise.all([admin, writer, auditor].map((client) => client.end()));
  await server.stop();
});
afterEach(() => admin.query('RESET lock_timeout'));

/** A log of four events, the first three of them of a month that is long over. */
async function put(): Promise<string> {
  made += 1;
  const origin = `jit.locks${String(made).padStart(6, '0')}`;
  await writer.query('SELECT jit.register($1)', [origin]);
  const note = signCheckpoint({ origin, size: 4, root: 'a'.repeat(64) }, [
    createSigner(origin, Buffer.alloc(32, 7)),
  ]);
  await writer.query(appendText, appendValues(origin, 0, chain(origin, 4), note));
  await moveToMonth(admin, origin, 0, 3, '2024-01');
  return origin;
}

/** Appends event `at`; null, or the SQLSTATE that it is refused with. */
const append = (origin: string, at: number): Promise<string | null> =>
  stateOf(writer.query(appendText, appendValues(origin, at, chain(origin, at + 1).slice(at))));

/** Whether the administrator waits for a lock. */
const isWaiting = async (): Promise<boolean> =>
  (
    await server.sql(
      `SELECT FROM pg_locks WHERE NOT granted AND pid = ${(admin as unknown as { processID: number }).processID}`,
    )
  ).length > 0;

const detach = async (end: string): Promise<string[]> =>
  (await admin.query('SELECT jit.detach_before($1) AS name', [end])).rows.map(({ name }) => name);
const drop = async (months: readonly string[]): Promise<void> => {
  for (const name of months) await admin.query(`DROP TABLE jit.${name}`);
};

test('a broker appends to a log of which an edge was made, before the month is taken out', async () => {
  const origin = await put();
  await admin.query("SET lock_timeout = '20s'");
  await admin.query('BEGIN');
  await admin.query("SELECT jit.keep_edges('events_2024_01')");
  expect(await append(origin, 4)).toBeNull();
  await admin.query('ROLLBACK');
  await drop(await detach('2024-02-01'));
});

test.each<[string, () => Promise<string[]>]>([
  ['a month is taken out', () => detach('2024-02-01')],
  ['the running month is taken out', () => detach(new Date(Date.now() + 40 * 86_400_000).toISOString())],
  [
    'months are made',
    async () => (await admin.query('SELECT jit.make_partitions(15) AS name')).rows.map(({ name }) => name),
  ],
])('brokers go on while %s and waits for somebody who reads for long', async (_, work) => {
  const origin = await put();
  await auditor.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const there = async () =>
    (await auditor.query('SELECT count(*)::int AS n FROM jit.events WHERE origin = $1', [origin])).rows[0].n;
  expect(await there()).toBe(4);
  const working = work();
  try {
    for (let at = 4; at < 7; at += 1) {
      await until(async () => expect(await isWaiting()).toBe(true));
      expect([at, await append(origin, at)]).toEqual([at, null]);
      const other = await stateOf(writer.query('SELECT jit.register($1)', [`jit.another${made}${at}`]));
      expect(other).toBeNull();
    }
    expect(await there()).toBe(4);
  } finally {
    await auditor.query('COMMIT');
    await drop(await working);
  }
  expect(await append(origin, 7)).toBeNull();
});

test('whoever reads for too long is named, and nothing has changed', async () => {
  const origin = await put();
  await auditor.query("SET application_name = 'a long dump'");
  await auditor.query('BEGIN');
  await auditor.query('SELECT count(*) FROM jit.events');
  await admin.query("SET lock_timeout = '100ms'");
  for (const work of [detach('2024-02-01'), admin.query('SELECT jit.make_partitions(16)')]) {
    await expect(work).rejects.toMatchObject({
      code: '55P03',
      message: expect.stringMatching(/other sessions.*\(pid \d+, login "auditor", a long dump\)/),
    });
  }
  expect(await append(origin, 4)).toBeNull();
  await auditor.query('COMMIT');
  await admin.query('RESET lock_timeout');
  const months = await detach('2024-02-01');
  expect(months).toEqual(['events_2024_01']);
  await drop(months);
});

/** A log of nine events, signed, the first four of them of a month that is long over. */
async function putSigned(): Promise<Store> {
  const store = openStore({ path: temporaryPath(), clock: stillClock, random: systemRandom });
  onTestFinished(() => store.close());
  store.useSigner(createSigner(store.logOrigin, systemRandom.bytes(32)));
  while (store.head().size < 9) store.commit((tx) => tx.append(step('a')));
  await pushAll(server, store);
  await moveToMonth(admin, store.origin, 0, 4, '2024-01');
  return store;
}

/** What `work` reads, while that month is taken out once it has read anything. */
async function whileDetaching<T>(work: (connection: StoreConnection) => Promise<T>): Promise<T> {
  let detaching: Promise<string[]> | null = null;
  let isDone = false;
  const found = await connectAs(server, 'auditor', (connection) =>
    work({
      run: connection.run,
      async rows<R>(text: string, values?: readonly unknown[]) {
        const rows = await connection.rows<R>(text, values);
        detaching ??= detach('2024-02-01').finally(() => {
          isDone = true;
        });
        await until(async () => expect(isDone || (await isWaiting())).toBe(true));
        return rows;
      },
    }),
  );
  await drop((await detaching) ?? []);
  return found;
}

test('a month that is taken out while a verification begins is there for it, or its edge is', async () => {
  const { origin } = await putSigned();
  const found = await whileDetaching((connection) => verifyStore(connection));
  const report = found.find((log) => log.origin === origin);
  expect(report).toMatchObject({ valid: true, from: 0, problem: null });
});

test('a month that is taken out while an export goes on is in it, and gone after it', async () => {
  const store = await putSigned();
  const { origin } = store;
  const [first] = store.events({ oldest: true, limit: 1 });
  const query = { since: null, until: null, isGoingOn: true };
  const after = [{ origin, seq: 0, leaf: first?.leaf ?? '' }];
  const read = async (connection: StoreConnection) => {
    const pages = [];
    for await (const page of (await openStoreExport(connection, { ...query, after })).pages())
      if (page.origin === origin) pages.push(page);
    return [pages.flatMap(({ events }) => events.map(({ seq }) => seq)), pages.map((page) => page.problem)];
  };
  expect(await whileDetaching(read)).toEqual([
    [1, 2, 3, 4, 5, 6, 7, 8],
    [null, null],
  ]);
  expect((await connectAs(server, 'auditor', read))[1]).toEqual(['events 1 to 3 are not there']);
});

test('two who keep house at the same time do so one after the other', async () => {
  await put();
  const second = await server.connect();
  try {
    const [months, others] = await Promise.all([
      detach('2024-02-01'),
      second.query('SELECT jit.make_partitions(17) AS name'),
    ]);
    expect(months).toEqual(['events_2024_01']);
    expect(others.rows.length).toBeGreaterThan(0);
    await drop(months);
  } finally {
    await second.end();
  }
});
