// Reading everybody's logs from a place in each on: order, pages, cursors, retention, and one bad log among good ones.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { leafHash, noLeaf, type PlacedEvent, placeEvent } from '../../src/audit/chain.ts';
import type { AuditEvent } from '../../src/audit/event.ts';
import type { Position } from '../../src/audit/export/cursor.ts';
import { Secret } from '../../src/core/secret.ts';
import { withStore } from '../../src/shared-store/connection.ts';
import { openStoreExport, type StoreExportQuery } from '../../src/shared-store/export.ts';
import { storeSpan } from '../../src/shared-store/span.ts';
import { systemClock } from '../../src/system/clock.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { appendText, appendValues, chain, startStore } from './support.ts';

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
afterEach(() => server.sql('TRUNCATE jit.checkpoints, jit.events, jit.logs, jit.devices CASCADE'));

function asAuditor<T>(work: Parameters<typeof withStore<T>>[1]): Promise<T> {
  const { signal } = new AbortController();
  const { host, port } = server;
  const address = {
    ...{ host, port, database: 'postgres', sslmode: 'disable' as const, sslRootCert: null },
    connectTimeout: 5_000,
  };
  return withStore(
    { address, user: 'auditor', password: new Secret('auditor'), clock: systemClock, signal },
    work,
  );
}

async function put(origin: string, events: readonly PlacedEvent[], first = 0): Promise<void> {
  await writer.query('SELECT jit.register($1)', [origin]);
  await writer.query(appendText, appendValues(origin, first, events.slice(first)));
}

const usual: StoreExportQuery = { after: [], since: null, until: null, isGoingOn: true };

function read(query: Partial<StoreExportQuery> = {}) {
  return asAuditor(async (connection) => {
    const store = await openStoreExport(connection, { ...usual, ...query });
    const pages = [];
    for await (const page of store.pages()) pages.push(page);
    const events = pages.flatMap((page) => page.events);
    const problems = pages.flatMap(({ origin, problem }) =>
      problem === null ? [] : [`${origin} ${problem}`],
    );
    return { total: store.total, pages, events, problems, names: events.map(({ body }) => nameOf(body)) };
  });
}

const nameOf = ({ origin, seq }: { origin: string; seq: string }): string => `${origin.slice(4)}:${seq}`;
const at = ({ body: { origin, seq }, leaf }: Pick<PlacedEvent, 'body' | 'leaf'>): Position => ({
  ...{ origin, seq: Number(seq), leaf },
});
const [one, two] = ['jit.aaaaaaaa', 'jit.bbbbbbbb'];

/** `events` as a log. */
function logOf(origin: string, events: readonly AuditEvent[]): PlacedEvent[] {
  const placed: PlacedEvent[] = [];
  for (const [seq, event] of events.entries()) {
    const prev = placed.at(-1)?.leaf ?? noLeaf;
    placed.push(placeEvent(event, { origin, seq, prev, boot: 'boot', monoMs: seq }));
  }
  return placed;
}

const opened: AuditEvent = { type: 'log.open', at: 1_795_341_600_000, data: { version: '0.1.0' } };
const step = (minute: number, grant?: string): AuditEvent => ({
  ...{ type: 'lease.step', at: opened.at + minute * 60_000, ...(grant !== undefined && { grant }) },
  data: { step: 's', facts: {} },
});
const requested = (grant: string, role: string): AuditEvent => ({
  ...{ type: 'grant.requested', at: opened.at, principal: 'user:ada', target: 'db', grant },
  data: {
    ...{ role, scope: null, duration_ms: 1, reason: 'a\u0000b', ticket: null, digest: 'd', parent: null },
    ...{ via: 'terminal', peer: 'uid 1' },
  },
});

test('reads log after log, each in order, and goes on in each', async () => {
  const [a, b] = [chain(one, 1_100), chain(two, 3)];
  await put(two, b);
  await put(one, a);
  const { total, pages, names, events } = await read();
  expect(total).toBe(1_103);
  expect(names).toEqual([...a, ...b].map(({ body }) => nameOf(body)));
  expect(events.every(({ leaf, bytes }) => leafHash(bytes) === leaf)).toBe(true);
  expect(pages.map(({ done }) => done)).toEqual([500, 1_000, 1_100, 1_100, 1_103, 1_103]);
  const after = [a[1_099], b[1]].map((event) => at(event as PlacedEvent));
  expect(await read({ after })).toMatchObject({ total: 1, names: ['bbbbbbbb:2'], problems: [] });
  await put(one, chain(one, 2, 'x', a), 1_100);
  await put('jit.00000000', chain('jit.00000000', 1));
  expect((await read({ after })).names).toEqual([
    '00000000:0',
    'aaaaaaaa:1100',
    'aaaaaaaa:1101',
    'bbbbbbbb:2',
  ]);
});

test('refuses a cursor of another store, and one that is not of these events', async () => {
  const events = chain(one, 3);
  await put(one, events);
  const last = at(events[2] as PlacedEvent);
  await expect(read({ after: [{ ...last, origin: two }] })).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
  for (const seq of [0, 1, 2, 3]) {
    const { problems, names } = await read({ after: [{ origin: one, seq, leaf: 'ab'.repeat(32) }] });
    expect([problems.length, names]).toEqual([1, []]);
  }
});

test('one bad log is read up to there, and holds nothing of the others back', async () => {
  const body = Buffer.from(
    JSON.stringify({ origin: one, seq: '1', prev: chain(one, 1)[0]?.leaf }).replace('{', '{\n"leaf":1,\n'),
  );
  await put(one, [...chain(one, 1), { bytes: body } as PlacedEvent]);
  await put(two, chain(two, 2));
  const { names, problems } = await read();
  expect(names).toEqual(['aaaaaaaa:0', 'bbbbbbbb:0', 'bbbbbbbb:1']);
  expect(problems).toEqual([expect.stringMatching(/^jit.aaaaaaaa event 1 is no event/)]);
});

test.each([
  ['a hole', 'DELETE FROM jit.events WHERE seq = 3', /events? 3/, 3],
  ['an end that is missing', 'DELETE FROM jit.events WHERE seq > 3', /5 events, and 4 are there/, 4],
  ['another body', `UPDATE jit.events SET body = body || '\\x20' WHERE seq = 2`, /hash/, 2],
  ['another head', `UPDATE jit.logs SET head = sha256('x')`, /acknowledged/, 5],
])('finds %s', async (_what, sql, words, good) => {
  await put(one, chain(one, 5));
  await server.sql(sql);
  const { names, problems } = await read();
  expect(names).toHaveLength(good);
  expect(problems).toEqual([expect.stringMatching(words)]);
});

test('begins with what retention has left, and tells what it never had', async () => {
  const events = chain(one, 9);
  await put(one, events);
  await server.sql('DELETE FROM jit.events WHERE seq < 5');
  expect(await read()).toMatchObject({
    problems: [],
    names: ['aaaaaaaa:5', 'aaaaaaaa:6', 'aaaaaaaa:7', 'aaaaaaaa:8'],
  });
  expect((await read({ after: [at(events[4] as PlacedEvent)] })).names).toHaveLength(4);
  const missed = await read({ after: [at(events[2] as PlacedEvent)] });
  expect([missed.names, missed.problems]).toEqual([[], ['jit.aaaaaaaa events 3 to 4 are not there']]);
  await server.sql('DELETE FROM jit.events');
  expect(await read()).toMatchObject({ names: [], problems: [] });
  expect(await read({ after: [at(events[8] as PlacedEvent)] })).toMatchObject({ names: [], problems: [] });
});

test('takes the times asked for; a cursor passes nothing that comes too late for now', async () => {
  await put(one, logOf(one, [opened, step(1), step(2), step(5), step(3)]));
  const until = opened.at + 4 * 60_000;
  const since = opened.at + 2 * 60_000;
  const seqs = async (query: Partial<StoreExportQuery>) => (await read(query)).events.map(({ seq }) => seq);
  expect(await seqs({ until, since, isGoingOn: false })).toEqual([2, 4]);
  expect(await seqs({ until, isGoingOn: true })).toEqual([0, 1, 2]);
  expect(await asAuditor(storeSpan)).toEqual({ first: opened.at, last: opened.at + 5 * 60_000 });
});

test('tells the role of a grant wherever it begins, in this log and in those that it goes on from', async () => {
  const events = logOf(one, [
    opened,
    requested('g1', 'read'),
    step(1, 'g1'),
    step(2, 'g2'),
    requested('g2', 'admin'),
  ]);
  await put(one, events);
  await put(`${one}/2`, logOf(`${one}/2`, [opened, step(3, 'g1'), step(4, 'g2'), step(5, 'g3')]));
  // Another device has the same name for another grant.
  await put(two, logOf(two, [opened, requested('g1', 'write'), step(1, 'g1')]));
  const roles = (events: { body: { origin: string; seq: string }; asked: { role: string } | null }[]) =>
    events.map(({ body, asked }) => `${nameOf(body)} ${asked?.role ?? '-'}`);
  const whole = roles((await read()).events);
  expect(whole).toEqual([
    ...['aaaaaaaa:0 -', 'aaaaaaaa:1 read', 'aaaaaaaa:2 read', 'aaaaaaaa:3 -', 'aaaaaaaa:4 admin'],
    ...['aaaaaaaa/2:0 -', 'aaaaaaaa/2:1 read', 'aaaaaaaa/2:2 admin', 'aaaaaaaa/2:3 -'],
    ...['bbbbbbbb:0 -', 'bbbbbbbb:1 write', 'bbbbbbbb:2 write'],
  ]);
  for (const event of events.slice(0, -1)) {
    expect(roles((await read({ after: [at(event)] })).events)).toEqual(
      whole.slice(Number(event.body.seq) + 1),
    );
  }
});
