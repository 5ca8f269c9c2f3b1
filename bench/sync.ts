// Sync of a million events to a shared store, against COPY of the very same rows into a table with the same columns and keys,
// on the same server: `node bench/sync.ts [--events N]`. The sync reads the log file, sends, and has the server hash and check
// every event; COPY reads rows from a file of the server that are there already.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createSigner } from '../src/audit/signer.ts';
import { pushLogs } from '../src/broker/sync-push.ts';
import { Secret } from '../src/core/secret.ts';
import { withStore } from '../src/shared-store/connection.ts';
import { setupSql } from '../src/shared-store/setup.ts';
import { storeWriter } from '../src/shared-store/writer.ts';
import { openStore } from '../src/store/open.ts';
import { systemClock as clock } from '../src/system/clock.ts';
import { systemRandom as random } from '../src/system/random.ts';
import { startPostgres } from '../test/support/postgres.ts';

/** Seconds of both, and what the rows take. */
export interface SyncFigures {
  readonly events: number;
  readonly ours: number;
  readonly baseline: number;
  readonly ratio: number;
  /** Bytes of one event in the store, with its index. */
  readonly bytes: number;
}

const commitSize = 500;

/** @param events how many */
export async function benchSync(events: number): Promise<SyncFigures> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-bench-sync-'));
  const server = await startPostgres({
    version: 18,
    settings: { log_statement: 'none', fsync: 'on', max_wal_size: '4GB' },
  });
  const store = openStore({ path: path.join(folder, 'state', 'jit.db'), clock, random });
  try {
    store.useSigner(createSigner(store.logOrigin, Buffer.alloc(32, 1)));
    for (let at = store.head().size; at < events; at = store.head().size) {
      store.commit((tx) => {
        for (let more = 0; more < Math.min(commitSize, events - at); more += 1) tx.append(event(at + more));
      });
    }
    await server.sql(setupSql());
    await server.sql("CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE jit_writer");
    const { host, port } = server;
    const address = {
      host,
      port,
      database: 'postgres',
      sslmode: 'disable',
      sslRootCert: null,
      connectTimeout: 5_000,
    } as const;
    const { signal } = new AbortController();
    const password = new Secret('writer');
    const began = performance.now();
    await withStore({ address, user: 'writer', password, clock, signal }, (connection) =>
      pushLogs({
        store,
        writer: storeWriter(connection),
        settled: new Set(),
        onAcknowledged: () => undefined,
      }),
    );
    const ours = (performance.now() - began) / 1000;
    const [count] = await server.sql('SELECT count(*)::int AS n FROM jit.events');
    if (count?.['n'] !== store.head().size) throw new Error('the store does not have every event');
    const file = path.join(server.dir, 'events.copy');
    await server.sql(`COPY (SELECT * FROM jit.events ORDER BY seq) TO '${file}';
      CREATE TABLE public.copied (LIKE jit.events INCLUDING ALL); CHECKPOINT`);
    const copied = performance.now();
    await server.sql(`COPY public.copied FROM '${file}'`);
    const baseline = (performance.now() - copied) / 1000;
    const [size] = await server.sql("SELECT pg_total_relation_size('public.copied')::float8 AS bytes");
    return { events, ours, baseline, ratio: ours / baseline, bytes: Number(size?.['bytes']) / events };
  } finally {
    store.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function event(index: number) {
  const id = `${index >> 3}`.padStart(16, '0');
  return {
    type: 'lease.issued',
    at: clock.now(),
    principal: 'user:alice',
    target: 'prod-db',
    grant: `g${id}`,
    lease: `l${id}`,
    data: {
      name: `jit_l${id}`,
      facts: { oid: 16_384 + index, databases: ['orders', 'billing'] },
      deadline: '2026-11-22T10:30:00.000Z',
      expires: '2026-11-22T10:30:00.000Z',
    },
  } as const;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } });
  const { events, ours, baseline, ratio, bytes } = await benchSync(Number(values.events));
  process.stdout.write(
    `sync of ${events} events ${ours.toFixed(1)} s, COPY of the same rows ${baseline.toFixed(1)} s, × ${ratio.toFixed(2)}, ` +
      `aim at most 4: ${ratio <= 4 ? 'reached' : 'MISSED'}; ${bytes.toFixed(0)} bytes an event in the store\n`,
  );
}
