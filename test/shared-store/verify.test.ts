import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noLeaf, type PlacedEvent, placeEvent } from '../../src/audit/chain.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import type { AuditEvent, LogHead } from '../../src/audit/event.ts';
import { createFrontier } from '../../src/audit/merkle.ts';
import { createSigner } from '../../src/audit/signer.ts';
import type { StoreConnection } from '../../src/shared-store/connection.ts';
import { findEvents, readEvents } from '../../src/shared-store/reader.ts';
import { type StoredLogReport, verifyStore } from '../../src/shared-store/verify.ts';
import { openStore } from '../../src/store/open.ts';
import { systemRandom } from '../../src/system/random.ts';
import { step, stillClock, temporaryPath } from '../store/support.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { appendText, appendValues, chain, connectAs, pushAll, startStore } from './support.ts';

let server: PostgresServer;
let writer: pg.Client;

beforeAll(async () => {
  server = await startStore();
  writer = await server.connect('postgres', 'writer', 'writer');
});
afterAll(async () => {
  await writer.end();
  await server.stop();
});

const as = <T>(user: string, work: (connection: StoreConnection) => Promise<T>): Promise<T> =>
  connectAs(server, user, work);

const verifyAll = (): Promise<StoredLogReport[]> => as('auditor', (connection) => verifyStore(connection));
const found = async (origin: string) => (await verifyAll()).find((log) => log.origin === origin);

async function put(
  origin: string,
  events: readonly PlacedEvent[],
  note: string | null = null,
): Promise<void> {
  await writer.query('SELECT jit.register($1)', [origin]);
  await writer.query(appendText, appendValues(origin, 0, events, note));
}

function headOf(origin: string, events: readonly PlacedEvent[]): LogHead {
  const frontier = createFrontier();
  for (const { leaf } of events) frontier.append(Buffer.from(leaf, 'hex'));
  return { origin, size: events.length, root: frontier.root().toString('hex') };
}

/** The first two events of a log without a key that goes on from `previous`. */
function forked(origin: string, previous: LogHead, known: LogHead | null = null): PlacedEvent[] {
  const place = { origin, boot: 'boot', monoMs: 1 };
  const at = 1_795_341_600_000;
  const opening = placeEvent(
    { type: 'log.open', at, data: { version: '0.1.0', previous } },
    { ...place, seq: 0, prev: noLeaf },
  );
  const fork: AuditEvent = { type: 'log.fork', at, data: { reason: 'a test', previous, known } };
  return [opening, placeEvent(fork, { ...place, seq: 1, prev: opening.leaf })];
}

test('a log that nobody has touched is valid, with the root of its events', async () => {
  const origin = 'jit.untouched000';
  const events = chain(origin, 700);
  await put(origin, events);
  const frontier = createFrontier();
  for (const { leaf } of events) frontier.append(Buffer.from(leaf, 'hex'));
  expect(await found(origin)).toMatchObject({
    valid: true,
    events: 700,
    from: 0,
    signed: 0,
    root: frontier.root().toString('hex'),
    problem: null,
  });
});

test('whoever asks is told each event of each log, in order, with the log that it is of', async () => {
  const origin = 'jit.tolderevents';
  const events = chain(origin, 7);
  await put(origin, events);
  const told: [string, string, number][] = [];
  await as('auditor', (connection) =>
    verifyStore(connection, { onEvent: (log, body, row) => told.push([log, body.type, row.seq]) }),
  );
  expect(told.filter(([log]) => log === origin)).toEqual(
    events.map(({ body }, seq) => [origin, body.type, seq]),
  );
});

test('long events are read a few at a time, and all of them', async () => {
  const origin = 'jit.longevents00';
  const events = chain(origin, 150, 'x'.repeat(60_000));
  await put(origin, events);
  const sizes: number[] = [];
  await as('auditor', async (connection) => {
    for (let next = 0; next < 150; ) {
      const rows = await readEvents(connection, origin, next, 5_000);
      expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => next + at));
      sizes.push(rows.reduce((sum, { bytes }) => sum + bytes.length, 0));
      next += rows.length;
    }
  });
  expect(Math.max(...sizes)).toBeLessThan(5_000_000);
  expect(sizes).toHaveLength(3);
  expect(await found(origin)).toMatchObject({ valid: true, events: 150, root: headOf(origin, events).root });
});

test('what an administrator of the database does is found', async () => {
  const origin = 'jit.tampered0000';
  await put(origin, chain(origin, 30));
  const where = `WHERE origin = '${origin}' AND seq`;
  const ways: [sql: string, undo: string][] = [
    [`DELETE FROM jit.events ${where} = 29`, ''],
    [`DELETE FROM jit.events ${where} = 7`, ''],
    [
      `UPDATE jit.events SET body = convert_to(replace(convert_from(body, 'UTF8'), '"x"', '"y"'), 'UTF8') ${where} = 9`,
      '',
    ],
    [`UPDATE jit.events SET seq = 100 ${where} = 4`, ''],
    [`UPDATE jit.logs SET size = 31 WHERE origin = '${origin}'`, ''],
    [`DELETE FROM jit.events ${where} = 0`, ''],
    [`DELETE FROM jit.events ${where} < 12`, ''],
    [`DELETE FROM jit.events ${where} >= 0`, ''],
    [`UPDATE jit.events SET prev = leaf ${where} = 9`, ''],
    [`UPDATE jit.logs SET head = sha256('x') WHERE origin = '${origin}'`, ''],
  ];
  await server.sql('CREATE TABLE public.e AS TABLE jit.events; CREATE TABLE public.l AS TABLE jit.logs');
  for (const [sql] of ways) {
    await server.sql(sql);
    expect([sql, (await found(origin))?.valid]).toEqual([sql, false]);
    await server.sql(`DELETE FROM jit.events; INSERT INTO jit.events TABLE public.e;
      UPDATE jit.logs SET size = l.size, head = l.head FROM public.l WHERE l.origin = jit.logs.origin`);
    expect((await found(origin))?.valid).toBe(true);
  }
});

test('a checkpoint over other events than those that are there is found', async () => {
  const origin = 'jit.othertree000';
  const signer = createSigner(origin, Buffer.alloc(32, 3));
  await put(origin, chain(origin, 4), signCheckpoint({ origin, size: 4, root: 'd'.repeat(64) }, [signer]));
  expect(await found(origin)).toMatchObject({
    valid: false,
    problem: { what: expect.stringContaining('checkpoint') },
  });
});

test('a log with keys that followed each other, and one that goes on from it, verify from the store alone', async () => {
  const store = openStore({ path: temporaryPath(), clock: stillClock, random: systemRandom });
  try {
    const key = (name: string, byte: number) => createSigner(name, Buffer.alloc(32, byte));
    store.useSigner(key(store.logOrigin, 1));
    for (let at = 0; at < 20; at += 1) store.commit((tx) => tx.append(step('a')));
    store.rotate(key(store.logOrigin, 2));
    for (let at = 0; at < 20; at += 1) store.commit((tx) => tx.append(step('b')));
    store.rotate(key(store.logOrigin, 3));
    store.commit((tx) => tx.append(step('c')));
    store.fork('a test', key(store.nextOrigin, 4));
    store.commit((tx) => tx.append(step('d')));
    const push = () => pushAll(server, store);
    await push();
    store.commit((tx) => tx.append(step('e')));
    await push();
    await push();
    const logs = (await verifyAll()).filter(({ origin }) => origin.startsWith(store.origin));
    expect(logs).toMatchObject([
      { origin: store.origin, valid: true, events: 45, signed: 45, keys: { length: 3 } },
      { origin: store.logOrigin, valid: true, events: 4, signed: 4, keys: { length: 1 } },
    ]);
    expect(logs[1]?.root).toBe(store.treeHead().root);
  } finally {
    store.close();
  }
});

test('a fork that nothing put on record, and one after a log of somebody else, are found', async () => {
  const alone = 'jit.newstart0000/2';
  await put(alone, chain(alone, 3));
  expect(await found(alone)).toMatchObject({ valid: false });
  const head = { origin: 'jit.untouched000', size: 700, root: 'a'.repeat(64) };
  const claims = 'jit.otherfork000/2';
  await put(claims, forked(claims, head));
  expect(await found(claims)).toMatchObject({ valid: false });
  const lost = 'jit.lostfork0000/2';
  await put(lost, forked(lost, { ...head, origin: 'jit.lostfork0000' }));
  expect(await found(lost)).toMatchObject({ valid: false });
});

test('a log that lost one event, told so and was forked, is valid beside what the store had of it', async () => {
  const first = 'jit.lostone00000';
  const events = chain(first, 5);
  await put(first, events);
  const stored = headOf(first, events);
  // Here event 4 was lost, and the one about that took its place.
  const local = headOf(first, [
    ...events.slice(0, 4),
    ...chain(first, 1, 'other', events.slice(0, 4)).slice(4),
  ]);
  expect(local).toMatchObject({ size: 5 });
  await put(`${first}/2`, forked(`${first}/2`, local, stored));
  expect(await found(`${first}/2`)).toMatchObject({ valid: true });
  const silent = 'jit.lostsilent00';
  const same = chain(silent, 5);
  await put(silent, same);
  await put(`${silent}/2`, forked(`${silent}/2`, { ...headOf(silent, same), root: 'b'.repeat(64) }));
  expect(await found(`${silent}/2`)).toMatchObject({ valid: false });
});

test('a log may go on from the middle of one that lost its end, and only where that one has been', async () => {
  const first = 'jit.middle000000';
  const events = chain(first, 9);
  await put(first, events);
  const middle = headOf(first, events.slice(0, 6));
  // Log after log; each says that it goes on from there.
  await put(`${first}/2`, forked(`${first}/2`, middle));
  await put(`${first}/3`, forked(`${first}/3`, { ...middle, root: 'c'.repeat(64) }));
  await put(`${first}/4`, forked(`${first}/4`, { ...middle, size: 9 }));
  // Set back, and told so: what came after it here is another end.
  await put(`${first}/5`, forked(`${first}/5`, { ...middle, root: 'c'.repeat(64) }, headOf(first, events)));
  const other = {
    valid: false,
    problem: { what: `it goes on from another log "${first}" than the one that is there` },
  };
  expect(await found(`${first}/2`)).toMatchObject({ valid: true, note: null });
  expect(await found(`${first}/3`)).toMatchObject(other);
  expect(await found(`${first}/4`)).toMatchObject(other);
  expect(await found(`${first}/5`)).toMatchObject({ valid: true, note: null });
});

test('events that a fork names and the store does not have are told; where it says that it had them, they are a problem', async () => {
  const first = 'jit.fewerevents0';
  const signer = createSigner(first, Buffer.alloc(32, 5));
  const place = { origin: first, boot: 'boot', monoMs: 1, seq: 0, prev: noLeaf };
  const opening = { type: 'log.open', at: 0, data: { version: '0.1.0', vkey: signer.vkey } } as const;
  const events = chain(first, 97, 'x', [placeEvent(opening, place)]);
  const head = (size: number) => headOf(first, events.slice(0, size));
  await put(first, events.slice(0, 84), signCheckpoint(head(84), [signer]));
  await put(`${first}/2`, forked(`${first}/2`, head(80), head(98)));
  await put(`${first}/3`, forked(`${first}/3`, head(90)));
  await put(`${first}/4`, forked(`${first}/4`, head(84), { ...head(84), origin: `${first}/9`, size: 7 }));
  await put(`${first}/5`, forked(`${first}/5`, head(80), head(84)));
  const note = (size: number) => `the store has 84 events of ${first}, and its fork names ${size}`;
  expect(await found(first)).toMatchObject({ valid: true, note: null });
  expect(await found(`${first}/2`)).toMatchObject({ valid: true, note: note(98) });
  expect(await found(`${first}/3`)).toMatchObject({ valid: true, note: note(90) });
  expect(await found(`${first}/4`)).toMatchObject({
    ...{ valid: true, note: `the store has 0 events of ${first}/9, and its fork names 7` },
  });
  expect(await found(`${first}/5`)).toMatchObject({ valid: true, note: null });
  for (const sql of [
    `INSERT INTO jit.checkpoints (origin, size, note, received) VALUES ('${first}', 98, '${signCheckpoint(head(98), [signer])}', now())`,
    `UPDATE jit.logs SET checkpoint = '${signCheckpoint(head(98), [signer])}' WHERE origin = '${first}'`,
  ]) {
    await server.sql(sql);
    expect(await found(first)).toMatchObject({
      valid: false,
      problem: { what: 'a checkpoint covers 98 events and 84 are there' },
    });
    expect(await found(`${first}/2`)).toMatchObject({ note: note(98) });
    await server.sql(`DELETE FROM jit.checkpoints WHERE origin = '${first}' AND size = 98`);
  }
});

test('an auditor finds events of everybody by what they say', async () => {
  const all = { grant: null, target: null, principal: null, since: null, until: null, limit: 100_000 };
  const find = (query: Partial<typeof all> & object) =>
    as('auditor', (connection) => findEvents(connection, { ...all, ...query } as never));
  const bodies = (await find({})).map(({ body }) => JSON.parse(body.toString()) as { ts: string });
  expect(new Set(bodies.map((body) => (body as never as { origin: string }).origin)).size).toBeGreaterThan(2);
  expect(bodies.map(({ ts }) => ts)).toEqual(bodies.map(({ ts }) => ts).toSorted());
  expect(await find({ limit: 3 })).toHaveLength(3);
  await expect(find({ bytes: 100_000 } as never)).rejects.toMatchObject({ code: 'ERR_USAGE' });
  expect(await find({ target: 'nothing' } as never)).toEqual([]);
  const [last] = bodies.slice(-1);
  const later = await find({ until: Date.parse(last?.ts ?? '') } as never);
  expect(later.length).toBeLessThan(bodies.length);
});
