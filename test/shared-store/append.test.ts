import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createSigner } from '../../src/audit/signer.ts';
import { setupSql } from '../../src/shared-store/setup.ts';
import { byteaArray } from '../../src/shared-store/writer.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { appendText, appendValues, chain, startStore, stateOf } from './support.ts';

let server: PostgresServer;
let writer: pg.Client;
let other: pg.Client;
let auditor: pg.Client;
let made = 0;

beforeAll(async () => {
  server = await startStore();
  writer = await server.connect('postgres', 'writer', 'writer');
  other = await server.connect('postgres', 'other', 'other');
  auditor = await server.connect('postgres', 'auditor', 'auditor');
});
afterAll(async () => {
  await Promise.all([writer, other, auditor].map((client) => client.end()));
  await server.stop();
});

/** A log that nobody has used, registered by `writer`. */
async function freshLog(): Promise<string> {
  made += 1;
  const origin = `jit.device${String(made).padStart(6, '0')}`;
  await writer.query('SELECT jit.register($1)', [origin]);
  return origin;
}

const append = async (...values: Parameters<typeof appendValues>): Promise<number> =>
  (await writer.query<{ size: number }>(appendText, appendValues(...values))).rows[0]?.size ?? -1;

const stored = async (origin: string) =>
  (
    await auditor.query('SELECT seq::int, leaf, prev, body FROM jit.events WHERE origin = $1 ORDER BY seq', [
      origin,
    ])
  ).rows;

function note(origin: string, size: number, root = 'a'.repeat(64)): string {
  return signCheckpoint({ origin, size, root }, [createSigner(origin, Buffer.alloc(32, 7))]);
}

describe('the append function takes', () => {
  test('events in their order, with hashes that it makes itself', async () => {
    const origin = await freshLog();
    const events = chain(origin, 10);
    expect(await append(origin, 0, events.slice(0, 4))).toBe(4);
    expect(await append(origin, 4, events.slice(4))).toBe(10);
    const rows = await stored(origin);
    expect(rows.map(({ seq }) => seq)).toEqual([...events.keys()]);
    expect(rows.map(({ leaf }) => leaf.toString('hex'))).toEqual(events.map(({ leaf }) => leaf));
    expect(rows.map(({ prev }) => prev.toString('hex'))).toEqual(events.map(({ body }) => body.prev));
    expect(rows.map(({ body }) => body)).toEqual(events.map(({ bytes }) => bytes));
  });

  test('the same bytes again, wherever the repetition begins and ends, without a second row', async () => {
    const origin = await freshLog();
    const events = chain(origin, 9);
    await append(origin, 0, events.slice(0, 6));
    expect(await append(origin, 0, events.slice(0, 6))).toBe(6);
    expect(await append(origin, 2, events.slice(2, 4))).toBe(6);
    expect(await append(origin, 3, events.slice(3))).toBe(9);
    expect(await stored(origin)).toHaveLength(9);
  });

  test('what the first event says of the log and of the one before it', async () => {
    const origin = await freshLog();
    const signer = createSigner(`${origin}/2`, Buffer.alloc(32, 1));
    const previous = { origin, size: 3, root: 'b'.repeat(64) };
    await writer.query('SELECT jit.register($1)', [`${origin}/2`]);
    const { placeEvent, noLeaf } = await import('../../src/audit/chain.ts');
    const opening = placeEvent(
      { type: 'log.open', at: 1_795_341_600_000, data: { version: '1', vkey: signer.vkey, previous } },
      { origin: `${origin}/2`, seq: 0, prev: noLeaf, boot: 'b', monoMs: 1 },
    );
    await append(`${origin}/2`, 0, [opening]);
    const { rows } = await auditor.query('SELECT vkey, fork_of, previous FROM jit.logs WHERE origin = $1', [
      `${origin}/2`,
    ]);
    expect(rows).toEqual([{ vkey: signer.vkey, fork_of: origin, previous }]);
  });

  test('a checkpoint over what is there, and keeps the newest', async () => {
    const origin = await freshLog();
    const events = chain(origin, 5);
    await append(origin, 0, events.slice(0, 3), note(origin, 3));
    await append(origin, 3, events.slice(3), note(origin, 5));
    await append(origin, 5, [], note(origin, 5));
    const head = await writer.query('SELECT size::int, checkpoint FROM jit.head($1)', [origin]);
    expect(head.rows).toEqual([{ size: 5, checkpoint: note(origin, 5) }]);
  });
});

describe('the append function refuses', () => {
  test('other bytes at a place that is taken', async () => {
    const origin = await freshLog();
    const events = chain(origin, 6);
    await append(origin, 0, events);
    const lie = chain(origin, 3, 'lie', events.slice(0, 3));
    expect(await stateOf(append(origin, 3, lie.slice(3)))).toBe('JT411');
    expect(await stateOf(append(origin, 0, [...lie, ...chain(origin, 1, 'more', lie).slice(6)]))).toBe(
      'JT411',
    );
    expect(await stored(origin)).toHaveLength(6);
  });

  test('events that go on from another end than the one that is there', async () => {
    const origin = await freshLog();
    const events = chain(origin, 4);
    await append(origin, 0, events);
    const fork = chain(origin, 1, 'fork', chain(origin, 2, 'y', events.slice(0, 2)));
    expect(await stateOf(append(origin, 4, fork.slice(4)))).toBe('JT411');
  });

  test('a gap, before the events and among them', async () => {
    const origin = await freshLog();
    const events = chain(origin, 6);
    expect(await stateOf(append(origin, 1, events.slice(1)))).toBe('JT409');
    expect(await stateOf(append(origin, 0, [...events.slice(0, 2), ...events.slice(3)]))).toBe('JT422');
    expect(await stateOf(append(origin, 0, [...events].reverse()))).toMatch(/^JT4/);
    expect(await stored(origin)).toHaveLength(0);
  });

  test('events of another log, too long ones, and what is no JSON', async () => {
    const origin = await freshLog();
    const odd = (...bodies: Buffer[]) =>
      stateOf(writer.query(appendText, [origin, 0, byteaArray(bodies), null]));
    expect(await stateOf(append(origin, 0, chain('jit.somebodyelse0', 2)))).toBe('JT422');
    expect(await odd(Buffer.from('no json'))).toBe('JT422');
    expect(await odd(Buffer.from([0xff, 0xfe]))).toBe('JT422');
    expect(await odd(Buffer.from('{}'))).toMatch(/^JT4/);
    const long = { origin, prev: '0'.repeat(64), seq: '0', text: 'x'.repeat(65_500) };
    expect(await odd(Buffer.from(JSON.stringify(long)))).toBe('JT413');
    expect(
      await stateOf(writer.query('SELECT jit.append($1, 0, ARRAY[NULL]::bytea[], NULL)', [origin])),
    ).toMatch(/^JT4/);
    expect(await stateOf(writer.query('SELECT jit.append($1, NULL, NULL, NULL)', [origin]))).toBe('JT422');
  });

  test('a checkpoint that was set back, is of another log, covers more than there is, or contradicts', async () => {
    const origin = await freshLog();
    const events = chain(origin, 5);
    await append(origin, 0, events.slice(0, 4), note(origin, 4));
    expect(await stateOf(append(origin, 4, events.slice(4), note(origin, 3)))).toBe('JT410');
    expect(await stateOf(append(origin, 4, [], note(origin, 4, 'c'.repeat(64))))).toBe('JT411');
    expect(await stateOf(append(origin, 4, [], note(origin, 6)))).toBe('JT422');
    expect(await stateOf(append(origin, 4, [], note('jit.somebodyelse0', 4)))).toBe('JT422');
    expect(await stateOf(append(origin, 4, [], 'no note'))).toBe('JT422');
    expect(await stored(origin)).toHaveLength(4);
  });

  test('a log that was never registered, and one of another login', async () => {
    const origin = await freshLog();
    expect(await stateOf(append('jit.unregistered0', 0, chain('jit.unregistered0', 1)))).toBe('JT404');
    expect(await stateOf(other.query(appendText, appendValues(origin, 0, chain(origin, 1))))).toBe('JT403');
    expect(await stateOf(other.query('SELECT jit.register($1)', [origin]))).toBe('JT403');
    expect(await stateOf(other.query('SELECT jit.register($1)', [`${origin}/2`]))).toBe('JT403');
    expect((await other.query('SELECT * FROM jit.head($1)', [origin])).rows).toEqual([]);
    expect(await stateOf(writer.query('SELECT jit.register($1)', ['jit.Short']))).toBe('JT422');
  });
});

test('who read the store before a device was registered cannot register a log in its name later', async () => {
  await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_roles LIMIT 1');
  const origin = await freshLog();
  expect(await stateOf(other.query('SELECT jit.register($1)', [`${origin}/2`]))).toBe('40001');
  await other.query('ROLLBACK');
  expect(await stateOf(writer.query('SELECT jit.register($1)', [origin]))).toBe(null);
  expect(await stateOf(other.query('SELECT jit.register($1)', [`${origin}/2`]))).toBe('JT403');
});

describe('rights', () => {
  const tables = ['devices', 'logs', 'events', 'events_other', 'checkpoints', 'edges', 'migrations'];
  const month = `events_${new Date().toISOString().slice(0, 7).replace('-', '_')}`;
  const statements = (table: string) => [
    `SELECT * FROM jit.${table}`,
    `INSERT INTO jit.${table} DEFAULT VALUES`,
    `UPDATE jit.${table} SET ${{ migrations: 'name', devices: 'device' }[table] ?? 'origin'} = 'x'`,
    `DELETE FROM jit.${table}`,
    `TRUNCATE jit.${table}`,
    `ALTER TABLE jit.${table} DISABLE TRIGGER ALL`,
    `DROP TABLE jit.${table}`,
  ];

  test.each([...tables, month])('a writer can do nothing to %s itself', async (table) => {
    for (const statement of statements(table))
      expect([statement, await stateOf(writer.query(statement))]).toEqual([statement, '42501']);
  });

  test.each(['logs', 'events', 'checkpoints', 'edges'])(
    'an auditor reads %s and can do nothing else',
    async (table) => {
      const [read = '', ...others] = statements(table);
      expect(await stateOf(auditor.query(read))).toBeNull();
      for (const statement of others)
        expect([statement, await stateOf(auditor.query(statement))]).toEqual([statement, '42501']);
    },
  );

  test('nobody runs what is not theirs, makes something in the schema, or becomes the owner', async () => {
    for (const client of [writer, auditor]) {
      for (const statement of [
        'SELECT jit.make_partitions()',
        "SELECT jit.detach_before(now() + interval '9 years')",
        'SELECT jit.refuse(NULL, NULL, NULL, NULL)',
        "SELECT jit.keep_edges('events_other')",
        "SELECT jit.grow_edge(0, '{}', '{}')",
        "SELECT jit.lock_events('{}')",
        'CREATE FUNCTION jit.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$SELECT $1$$',
        'CREATE TABLE jit.mine ()',
        'SET ROLE jit_owner',
      ])
        expect([statement, await stateOf(client.query(statement))]).toEqual([statement, '42501']);
    }
    expect(await stateOf(auditor.query('SELECT jit.register($1)', ['jit.auditors000']))).toBe('42501');
    expect(await stateOf(auditor.query(appendText, appendValues('jit.auditors000', 0, [])))).toBe('42501');
  });

  test('functions of a session cannot stand in for those that append uses', async () => {
    const origin = await freshLog();
    await writer.query(
      "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$SELECT '\\x00'::bytea$$",
    );
    await writer.query('SET search_path = pg_temp, jit, pg_catalog');
    const events = chain(origin, 2);
    await append(origin, 0, events);
    await writer.query('RESET search_path');
    expect((await stored(origin)).map(({ leaf }) => leaf.toString('hex'))).toEqual(
      events.map(({ leaf }) => leaf),
    );
  });
});

describe('the set-up', () => {
  test('can be run again, by several at once, and changes nothing', async () => {
    const origin = await freshLog();
    await append(origin, 0, chain(origin, 2));
    await Promise.all([1, 2, 3].map(() => server.sql(setupSql())));
    expect(await stored(origin)).toHaveLength(2);
    expect(await server.sql('SELECT number FROM jit.migrations ORDER BY 1')).toEqual([
      { number: 1 },
      { number: 2 },
      { number: 3 },
      { number: 4 },
    ]);
  });

  test('brings what is missing to a store that was set up before edges were kept', async () => {
    const origin = await freshLog();
    const events = chain(origin, 4);
    await append(origin, 0, events.slice(0, 2));
    await server.sql(`DROP TABLE jit.edges; DROP FUNCTION jit.keep_edges, jit.grow_edge, jit.lock_events;
      DELETE FROM jit.migrations WHERE number = 4`);
    await append(origin, 2, events.slice(2, 3));
    await server.sql(setupSql());
    expect(await append(origin, 3, events.slice(3))).toBe(4);
    expect((await auditor.query('SELECT count(*)::int AS n FROM jit.edges')).rows).toEqual([{ n: 0 }]);
    expect(await stateOf(writer.query("SELECT jit.keep_edges('events_other')"))).toBe('42501');
  });

  test('does not build on a schema of somebody else, who could take away everything in it', async () => {
    await server.sql('CREATE DATABASE squatted');
    const admin = await server.connect('squatted');
    try {
      await admin.query('CREATE SCHEMA jit AUTHORIZATION other; GRANT ALL ON SCHEMA jit TO PUBLIC');
      await expect(admin.query(setupSql())).rejects.toThrow('belongs to somebody else');
    } finally {
      await admin.end();
    }
  });

  test('works for an administrator who is no superuser', async () => {
    await server.sql("CREATE ROLE admin LOGIN CREATEROLE CREATEDB PASSWORD 'admin'");
    await server.sql('GRANT jit_owner TO admin WITH ADMIN OPTION');
    const client = await server.connect('postgres', 'admin', 'admin');
    try {
      await client.query('CREATE DATABASE second');
    } finally {
      await client.end();
    }
    const second = await server.connect('second', 'admin', 'admin');
    try {
      await second.query(setupSql());
      await second.query(setupSql());
      expect((await second.query('SELECT count(*)::int AS n FROM jit.migrations')).rows).toEqual([{ n: 4 }]);
    } finally {
      await second.end();
    }
  });

  test('months that come late take over what had no place, and old ones are detached with heads left', async () => {
    const origin = await freshLog();
    const months = await server.sql("SELECT jit.detach_before(now() + interval '2 years') AS name");
    expect(months).toHaveLength(13);
    const events = chain(origin, 3);
    await append(origin, 0, events);
    await server.sql(months.map(({ name }) => `DROP TABLE jit.${String(name)}`).join(';'));
    expect(await server.sql('SELECT jit.make_partitions(1)')).toHaveLength(2);
    expect(await stored(origin)).toHaveLength(3);
    expect(await server.sql('SELECT count(*)::int AS n FROM jit.events_other')).toEqual([{ n: 0 }]);
    const more = chain(origin, 2, 'x', events);
    expect(await append(origin, 3, more.slice(3))).toBe(5);
    await server.sql("SELECT jit.detach_before(now() + interval '2 years')");
    expect((await writer.query('SELECT size::int FROM jit.head($1)', [origin])).rows).toEqual([{ size: 5 }]);
    expect(await append(origin, 5, chain(origin, 1, 'x', more).slice(5))).toBe(6);
  });
});
