// What stays of events that are past their retention: that it is the right edge of their tree, and that nothing is taken away
// which does not hold together.

import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leafHash, type PlacedEvent } from '../../src/audit/chain.ts';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createFrontier } from '../../src/audit/merkle.ts';
import { createSigner } from '../../src/audit/signer.ts';
import { byteaArray } from '../../src/shared-store/writer.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { appendText, appendValues, chain, moveToMonth, startStore } from './support.ts';

let server: PostgresServer;
let writer: pg.Client;
let admin: pg.Client;
let made = 0;

beforeAll(async () => {
  server = await startStore(15);
  writer = await server.connect('postgres', 'writer', 'writer');
  admin = await server.connect();
});
afterAll(async () => {
  await Promise.all([writer, admin].map((client) => client.end()));
  await server.stop();
});

/** The complete subtrees of the tree over the first `size` of `leaves`, from left to right, made apart from the SQL. */
function edgeOf(leaves: readonly Buffer[], size: number): Buffer[] {
  const nodes = new Map<string, Buffer>();
  const frontier = createFrontier(0, undefined, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
  for (const [at, leaf] of leaves.slice(0, size).entries()) {
    nodes.set(`0/${at}`, leaf);
    frontier.append(leaf);
  }
  const edge: Buffer[] = [];
  for (let level = 40, from = 0; level >= 0; level -= 1) {
    if (Math.floor(size / 2 ** level) % 2 === 0) continue;
    edge.push(nodes.get(`${level}/${from / 2 ** level}`) as Buffer);
    from += 2 ** level;
  }
  return edge;
}

const leavesOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => Buffer.from(leafHash(`leaf ${at}`), 'hex'));

async function grow(size: number, nodes: Buffer[], leaves: Buffer[]): Promise<Buffer[]> {
  const { rows } = await admin.query('SELECT jit.grow_edge($1, $2::bytea[], $3::bytea[]) AS nodes', [
    ...[size, byteaArray(nodes), byteaArray(leaves)],
  ]);
  return rows[0].nodes;
}

test('an edge grows in SQL as it does elsewhere, from any size to any size', async () => {
  const leaves = leavesOf(40);
  for (let from = 0; from <= 34; from += 1) {
    for (let to = from; to <= 40; to += 1) {
      const grown = await grow(from, edgeOf(leaves, from), leaves.slice(from, to));
      expect([from, to, grown]).toEqual([from, to, edgeOf(leaves, to)]);
    }
  }
  const many = leavesOf(9_000);
  let at = 0;
  let edge: Buffer[] = [];
  for (const next of [1, 2, 255, 256, 257, 1_023, 4_095, 4_096, 4_097, 8_191, 8_999, 9_000]) {
    edge = await grow(at, edge, many.slice(at, next));
    expect([next, edge]).toEqual([next, edgeOf(many, next)]);
    at = next;
  }
});

/** A log that nobody has used, all of it under a checkpoint (which nobody asks about here) up to `signed`. */
async function put(count: number, signed = count): Promise<{ origin: string; events: PlacedEvent[] }> {
  made += 1;
  const origin = `jit.edges${String(made).padStart(6, '0')}`;
  const events = chain(origin, count);
  await writer.query('SELECT jit.register($1)', [origin]);
  const signer = createSigner(origin, Buffer.alloc(32, 7));
  const note = signCheckpoint({ origin, size: signed, root: 'a'.repeat(64) }, [signer]);
  await writer.query(appendText, appendValues(origin, 0, events, signed === 0 ? null : note));
  return { origin, events };
}

const detach = async (end = '2026-01-01'): Promise<string[]> =>
  (await admin.query('SELECT jit.detach_before($1) AS name', [end])).rows.map(({ name }) => name);
const edges = async (origin: string) =>
  (
    await admin.query('SELECT size::int, nodes, vkey, body FROM jit.edges WHERE origin = $1 ORDER BY size', [
      origin,
    ])
  ).rows;
const left = async (origin: string): Promise<number[]> =>
  (await admin.query('SELECT seq::int FROM jit.events WHERE origin = $1 ORDER BY seq', [origin])).rows.map(
    ({ seq }) => seq,
  );
/** Detached months are dropped, so that a month can be made again. */
async function drop(months: readonly string[]): Promise<void> {
  for (const name of months) await admin.query(`DROP TABLE jit.${name}`);
}

test('each month that goes leaves the edge before its last event, that event, and the key in force', async () => {
  const { origin, events } = await put(60);
  const cuts = [1, 2, 7, 8, 9, 31, 32, 33, 48];
  for (const [at, cut] of cuts.entries()) {
    await moveToMonth(admin, origin, cuts[at - 1] ?? 0, cut, `2024-${String(at + 1).padStart(2, '0')}`);
  }
  await admin.query('SELECT jit.make_partitions(0)');
  for (const [at, cut] of cuts.entries()) {
    const month = `events_2024_${String(at + 1).padStart(2, '0')}`;
    expect(await detach(new Date(Date.UTC(2024, at + 1, 1)).toISOString())).toEqual([month]);
    await drop([month]);
    expect((await left(origin))[0]).toBe(cut);
  }
  const leaves = events.map(({ leaf }) => Buffer.from(leaf, 'hex'));
  expect(await edges(origin)).toEqual(
    cuts.map((size) => ({
      size,
      nodes: edgeOf(leaves, size - 1),
      vkey: null,
      body: events[size - 1]?.bytes,
    })),
  );
});

test('several months at once leave an edge each, for each log that has events in them', async () => {
  const one = await put(20);
  const other = await put(20);
  await moveToMonth(admin, one.origin, 0, 5, '2024-01');
  await moveToMonth(admin, one.origin, 5, 11, '2024-02');
  await moveToMonth(admin, other.origin, 0, 20, '2024-02');
  const months = await detach();
  expect(months).toEqual(['events_2024_01', 'events_2024_02']);
  await drop(months);
  expect((await edges(one.origin)).map(({ size }) => size)).toEqual([1, 5, 11]);
  expect((await edges(other.origin)).map(({ size }) => size)).toEqual([1, 20]);
  expect([await left(one.origin), await left(other.origin)]).toEqual([
    [11, 12, 13, 14, 15, 16, 17, 18, 19],
    [],
  ]);
});

test('what no checkpoint covers yet stays, and goes once one does', async () => {
  const half = await put(10, 6);
  const never = await put(4, 0);
  for (const { origin, events } of [half, never])
    await moveToMonth(admin, origin, 0, events.length, '2024-03');
  await drop(await detach());
  expect([await left(half.origin), await left(never.origin)]).toEqual([
    [6, 7, 8, 9],
    [0, 1, 2, 3],
  ]);
  expect((await edges(half.origin)).map(({ size }) => size)).toEqual([1, 6]);
  const more = chain(half.origin, 2, 'x', half.events);
  const signer = createSigner(half.origin, Buffer.alloc(32, 7));
  const note = signCheckpoint({ origin: half.origin, size: 12, root: 'b'.repeat(64) }, [signer]);
  await writer.query(appendText, appendValues(half.origin, 10, more.slice(10), note));
  await moveToMonth(admin, half.origin, 10, 12, '2024-04');
  await drop(await detach());
  expect([await left(half.origin), await left(never.origin)]).toEqual([[], [0, 1, 2, 3]]);
  expect((await edges(half.origin)).map(({ size }) => size)).toEqual([1, 6, 10, 12]);
  await admin.query('DELETE FROM jit.events WHERE origin = $1', [never.origin]);
});

test('a month that was attached again goes a second time', async () => {
  const { origin } = await put(9);
  await moveToMonth(admin, origin, 0, 4, '2024-05');
  await moveToMonth(admin, origin, 4, 9, '2024-06');
  await detach();
  const before = await edges(origin);
  for (const [name, from, to] of [
    ['events_2024_05', '2024-05-01', '2024-06-01'],
    ['events_2024_06', '2024-06-01', '2024-07-01'],
  ]) {
    await admin.query(
      `ALTER TABLE jit.events ATTACH PARTITION jit.${name} FOR VALUES FROM ('${from}Z') TO ('${to}Z')`,
    );
  }
  expect(await left(origin)).toHaveLength(9);
  await drop(await detach());
  expect(await edges(origin)).toEqual(before);
});

describe('retention takes nothing away', () => {
  const body = `convert_to(replace(convert_from(body, 'UTF8'), '"x"', '"y"'), 'UTF8')`;
  test.each<[string, string, string]>([
    ['whose beginning is missing', 'DELETE FROM jit.events WHERE origin = $1 AND seq = 0', 'no edge'],
    ['with a gap', 'DELETE FROM jit.events WHERE origin = $1 AND seq = 3', 'event 4'],
    [
      'whose end is missing',
      'DELETE FROM jit.events WHERE origin = $1 AND seq = 5',
      'do not lead to event 5',
    ],
    [
      'in which an event was changed',
      `UPDATE jit.events SET body = ${body} WHERE origin = $1 AND seq = 2`,
      'event 2',
    ],
    [
      'in which an event was changed, with its hash',
      `UPDATE jit.events SET body = ${body}, leaf = sha256('\\x00'::bytea || ${body}) WHERE origin = $1 AND seq = 2`,
      'event 3',
    ],
    [
      'in which the last event was changed, with its hash',
      `UPDATE jit.events SET body = ${body}, leaf = sha256('\\x00'::bytea || ${body}) WHERE origin = $1 AND seq = 5`,
      'do not lead to event 6',
    ],
    [
      'in which an event and the hash in the row after it were changed',
      `UPDATE jit.events SET
         body = CASE seq WHEN 2 THEN ${body} ELSE body END,
         leaf = CASE seq WHEN 2 THEN sha256('\\x00'::bytea || ${body}) ELSE leaf END,
         prev = CASE seq WHEN 3 THEN (SELECT sha256('\\x00'::bytea || ${body}) FROM jit.events WHERE origin = $1 AND seq = 2)
           ELSE prev END
       WHERE origin = $1`,
      'event 3',
    ],
    ['that is no text', `UPDATE jit.events SET body = '\\xff' WHERE origin = $1 AND seq = 1`, 'not JSON'],
    ['of a log that is not there', `DELETE FROM jit.logs WHERE origin = $1`, 'no such log'],
  ])('%s', async (_, change, said) => {
    const { origin } = await put(8);
    await moveToMonth(admin, origin, 0, 6, '2024-07');
    await admin.query('BEGIN');
    try {
      if (change.includes('jit.logs'))
        await admin.query('DELETE FROM jit.checkpoints WHERE origin = $1', [origin]);
      await admin.query(change, [origin]);
      await expect(detach()).rejects.toThrow(said);
    } finally {
      await admin.query('ROLLBACK');
    }
    await drop(await detach());
    expect(await left(origin)).toEqual([6, 7]);
  });
});

test.each([
  ['the running month goes', () => detach(new Date(Date.now() + 40 * 86_400_000).toISOString())],
  [
    'months get a place of their own',
    async () => (await admin.query('SELECT jit.make_partitions(14) AS name')).rows.map(({ name }) => name),
  ],
])('an append that has begun comes to its end while %s', async (_, work) => {
  const { origin, events } = await put(4);
  const appending = await server.connect();
  try {
    // As jit.append does: the row of the log, perhaps events that were sent again, then the new ones.
    await appending.query('BEGIN');
    await appending.query('SELECT FROM jit.logs WHERE origin = $1 FOR UPDATE', [origin]);
    await appending.query('SELECT FROM jit.events WHERE origin = $1', [origin]);
    await appending.query('SET LOCAL SESSION AUTHORIZATION writer');
    const append = async () => {
      await until(async () =>
        expect(await server.sql('SELECT FROM pg_locks WHERE NOT granted')).not.toEqual([]),
      );
      await appending.query(appendText, appendValues(origin, 4, chain(origin, 1, 'x', events).slice(4)));
      await appending.query('COMMIT');
    };
    const [months] = await Promise.all([work(), append()]);
    await drop(months);
  } finally {
    await appending.end();
  }
});

test('what is appended while the running month goes is in it and under its edge, or is there', async () => {
  const { origin, events } = await put(4);
  const more = chain(origin, 60, 'x', events);
  const signer = createSigner(origin, Buffer.alloc(32, 7));
  let size = 4;
  const appending = (async () => {
    for (; size < more.length; ) {
      const note = signCheckpoint({ origin, size: size + 1, root: 'a'.repeat(64) }, [signer]);
      await writer.query(appendText, appendValues(origin, size, more.slice(size, size + 1), note));
      size += 1;
    }
  })();
  await until(() => expect(size).toBeGreaterThan(10));
  const months = await detach(new Date(Date.now() + 40 * 86_400_000).toISOString());
  await appending;
  const [last] = (await edges(origin)).slice(-1);
  expect(last?.size).toBeGreaterThan(10);
  expect(await left(origin)).toEqual([...more.keys()].slice(last?.size));
  for (const name of months) {
    const [gone] = await server.sql(`SELECT count(*)::int AS n FROM jit.${name} WHERE origin = '${origin}'`);
    expect([0, last?.size]).toContain(gone?.['n']);
  }
});
