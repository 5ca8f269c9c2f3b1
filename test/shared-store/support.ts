// What tests of the shared store have in common: a server with a store in it, logins, and events that fit together.

import { noLeaf, type PlacedEvent, placeEvent } from '../../src/audit/chain.ts';
import type { AuditEvent } from '../../src/audit/event.ts';
import { setupSql } from '../../src/shared-store/setup.ts';
import { byteaArray } from '../../src/shared-store/writer.ts';
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

/** Events of a log from its beginning, or after those `before`. */
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
            data: { step, facts: { text: 'a\u0000b "origin":"x"' } },
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

/** The SQLSTATE that `work` is refused with; null when it is not. */
export async function stateOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (thrown) {
    return sqlStateOf(thrown);
  }
}
