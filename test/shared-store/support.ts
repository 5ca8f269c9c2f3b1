// What tests of the shared store have in common: a server with a store in it, logins, and events that fit together.

import type { Client } from 'pg';
import { noLeaf, type PlacedEvent, placeEvent } from '../../src/audit/chain.ts';
import type { AuditEvent } from '../../src/audit/event.ts';
import { pushLogs } from '../../src/broker/sync-push.ts';
import { Secret } from '../../src/core/secret.ts';
import type { StoreAddress } from '../../src/core/store-settings.ts';
import { type StoreConnection, withStore } from '../../src/shared-store/connection.ts';
import { setupSql } from '../../src/shared-store/setup.ts';
import { byteaArray, storeWriter } from '../../src/shared-store/writer.ts';
import type { Store } from '../../src/store/store.ts';
import { systemClock } from '../../src/system/clock.ts';
import { sqlStateOf } from '../../src/system/postgres-failure.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

/** A server with a shared store and logins `writer`, `other` and `auditor`, whose passwords are their names. */
export async function startStore(version: 15 | 18 = 18): Promise<PostgresServer> {
  const server = await startPostgres({ version });
  await server.sql(setupSql());
  await server.sql(`CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE jit_writer;
    CREATE ROLE other LOGIN PASSWORD 'other' IN ROLE jit_writer;
    CREATE ROLE auditor LOGIN PASSWORD 'auditor' IN ROLE jit_auditor`);
  return server;
}

/** A connection as jit itself makes it, for one piece of work. The password of `user` is its name. */
export function connectAs<T>(
  server: PostgresServer,
  user: string,
  work: (connection: StoreConnection) => Promise<T>,
): Promise<T> {
  const { host, port } = server;
  const address: StoreAddress = {
    ...{ host, port, database: 'postgres', sslRootCert: null, connectTimeout: 5_000 },
    sslmode: 'disable',
  };
  const { signal } = new AbortController();
  return withStore({ address, user, password: new Secret(user), clock: systemClock, signal }, work);
}

/** Pushes everything that `store` has, as a broker does. */
export function pushAll(server: PostgresServer, store: Store): Promise<void> {
  return connectAs(server, 'writer', (connection) =>
    pushLogs({
      ...{ store, writer: storeWriter(connection), settled: new Set() },
      onAcknowledged: () => undefined,
    }),
  );
}

/** Events of a log from its beginning, or after those `before`; as long as `step` is. */
export function chain(
  origin: string,
  count: number,
  step = 'x',
  before: readonly PlacedEvent[] = [],
): PlacedEvent[] {
  const events = [...before];
  for (let made = 0; made < count; made += 1) {
    const seq = events.length;
    const event: AuditEvent =
      seq === 0
        ? { type: 'log.open', at: 1_795_341_600_000, data: { version: '0.1.0' } }
        : {
            type: 'lease.step',
            at: 1_795_341_600_000 + seq,
            data: {
              step: step.slice(0, 100),
              facts: { text: 'a\u0000b "origin":"x"', rest: step.slice(100) },
            },
          };
    const prev = events.at(-1)?.leaf ?? noLeaf;
    events.push(placeEvent(event, { origin, seq, prev, boot: 'boot', monoMs: seq }));
  }
  return events;
}

/** The parameters of `jit.append` for these. */
export function appendValues(
  origin: string,
  first: number,
  events: readonly PlacedEvent[],
  note: string | null = null,
) {
  return [origin, first, byteaArray(events.map(({ bytes }) => bytes)), note];
}

export const appendText = 'SELECT jit.append($1, $2, $3, $4)::int AS size';

/** As if events `from` up to `to` of a log had been received in that month ("2024-03"), which has a place of its own. */
export async function moveToMonth(
  admin: Client,
  origin: string,
  from: number,
  to: number,
  month: string,
): Promise<void> {
  await admin.query('UPDATE jit.events SET received = $4 WHERE origin = $1 AND seq >= $2 AND seq < $3', [
    ...[origin, from, to, `${month}-10T00:00Z`],
  ]);
  await admin.query('SELECT jit.make_partitions(0)');
}

/** The SQLSTATE that `work` is refused with; null when it is not. */
export async function stateOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (thrown) {
    return sqlStateOf(thrown);
  }
}
