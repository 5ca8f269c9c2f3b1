// Everything that a store is for at once: brokers that push and register, months that are made and taken out, also the running
// one, verification, and a dump. Nobody ends in a deadlock, nothing is lost, and all is valid in the end.

import { expect, onTestFinished, test } from 'vitest';
import { createSigner } from '../../src/audit/signer.ts';
import { verifyStore } from '../../src/shared-store/verify.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { systemRandom } from '../../src/system/random.ts';
import { start, step, stillClock, temporaryPath } from '../store/support.ts';
import type { PostgresServer } from '../support/postgres.ts';
import { connectAs, pushAll, startStore } from './support.ts';

function device(): Store {
  const store = openStore({ path: temporaryPath(), clock: stillClock, random: systemRandom });
  onTestFinished(() => store.close());
  store.useSigner(createSigner(store.logOrigin, systemRandom.bytes(32)));
  return store;
}

/** Makes rounds of `work` until `isOver`; answers how many. */
async function rounds(isOver: () => boolean, work: (round: number) => Promise<unknown>): Promise<number> {
  let round = 0;
  for (; !isOver(); round += 1) await work(round);
  return round;
}

/** The oldest events of all logs become those of a month long ago, which is then taken out. */
async function retire(server: PostgresServer, kept: string[]): Promise<void> {
  const admin = await server.connect();
  try {
    await admin.query("SET lock_timeout = '10min'");
    // Only what is signed, as the beginning of each log.
    await admin.query(`UPDATE jit.events e SET received = '2024-01-10Z' FROM (
        SELECT l.origin, min(seq) + 4 AS until FROM jit.logs l JOIN jit.events USING (origin) GROUP BY l.origin
      ) AS first WHERE e.origin = first.origin AND e.seq < first.until`);
    const { rows } = await admin.query("SELECT jit.detach_before('2024-06-01') AS name");
    for (const { name } of rows) await keep(admin, name, kept);
  } finally {
    await admin.end();
  }
}

/** What was taken out is noted, then dropped, so that the month can be made again. */
async function keep(
  admin: { query(text: string): Promise<{ rows: Record<string, unknown>[] }> },
  name: string,
  kept: string[],
): Promise<void> {
  const { rows } = await admin.query(`SELECT origin || ':' || seq AS place FROM jit.${name}`);
  kept.push(...rows.map(({ place }) => String(place)));
  await admin.query(`DROP TABLE jit.${name}`);
}

test.each([15, 18] as const)(
  'all at once, on PostgreSQL %i',
  async (version) => {
    const server = await startStore(version);
    onTestFinished(() => server.stop());
    const stores = Array.from({ length: 4 }, device);
    const gone: string[] = [];
    let writing = stores.length;
    const isOver = (): boolean => writing === 0;
    const admin = await server.connect();
    const maker = await server.connect();
    const dump = await server.connect();
    // On a busy machine the others leave no moment free until they have done.
    for (const client of [admin, maker]) await client.query("SET lock_timeout = '10min'");
    const counts = await Promise.all([
      ...stores.map(async (store) => {
        try {
          for (let at = 0; at < 60; at += 1) {
            store.commit((tx) => tx.append(step(`event ${at}`)));
            await pushAll(server, store);
          }
        } finally {
          writing -= 1;
        }
        return 60;
      }),
      // A new device each time.
      rounds(isOver, () => pushAll(server, device())),
      // One after the other, since the first makes an old month by hand.
      rounds(isOver, async (round) => {
        await retire(server, gone);
        if (round % 3 > 0) return;
        const { rows } = await admin.query("SELECT jit.detach_before(now() + interval '40 days') AS name");
        for (const { name } of rows) await keep(admin, name, gone);
      }),
      rounds(isOver, (round) => maker.query(`SELECT jit.make_partitions(${13 + (round % 40)})`)),
      rounds(isOver, () =>
        connectAs(server, 'auditor', async (connection) => {
          const found = await verifyStore(connection, { keptSince: start });
          expect(found.filter(({ valid }) => !valid)).toEqual([]);
        }),
      ),
      // As pg_dump does: every table is locked first, then read.
      rounds(isOver, async () => {
        await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        const { rows } = await dump.query(
          "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'jit'::regnamespace AND relkind IN ('r', 'p') ORDER BY oid",
        );
        // One that goes meanwhile is what pg_dump fails of as well.
        const locked = await dump
          .query(`LOCK TABLE ${rows.map(({ name }) => name).join(', ')} IN ACCESS SHARE MODE`)
          .then(
            () => true,
            (error: { code?: string }) => {
              expect(error.code).toBe('42P01');
              return false;
            },
          );
        if (locked)
          for (const { name } of rows)
            await dump.query(`SELECT count(*), max(length(t::text)) FROM ONLY ${name} t`);
        await dump.query('COMMIT');
      }),
    ]);
    await Promise.all([admin, maker, dump].map((client) => client.end()));
    expect(Math.min(...counts)).toBeGreaterThan(0);

    const left = (await server.sql("SELECT origin || ':' || seq AS place FROM jit.events")).map(({ place }) =>
      String(place),
    );
    const there = new Set([...left, ...gone]);
    for (const store of stores) {
      const { size } = store.head();
      const missing = [...Array(size).keys()].filter((seq) => !there.has(`${store.logOrigin}:${seq}`));
      expect([store.logOrigin, missing]).toEqual([store.logOrigin, []]);
    }
    const found = await connectAs(server, 'auditor', (connection) =>
      verifyStore(connection, { keptSince: start }),
    );
    expect(found.length).toBeGreaterThan(stores.length);
    expect(found.filter(({ valid }) => !valid)).toEqual([]);
    const whole = new Map(found.map(({ origin, events, root }) => [origin, [events, root]]));
    for (const store of stores)
      expect(whole.get(store.logOrigin)).toEqual([store.head().size, store.treeHead().root]);
    process.stdout.write(
      `all at once, PostgreSQL ${version}: ${counts.join(', ')} rounds, ${gone.length} events retired\n`,
    );
  },
  240_000,
);
