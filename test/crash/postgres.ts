// Crash runs on a real PostgreSQL: one server for all runs, whose own list of roles is the truth.

import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { configFor, prepareServer } from '../support/world.ts';
import { pointsAround } from './points.ts';
import type { Scene, Target, Verdict } from './target.ts';

const points = pointsAround(
  ['revoke.fenced', 'revoke.killed', 'revoke.inventoried', 'revoke.cleaned', 'revoke.dropped'],
  [],
);

export async function postgresTarget(version: 15 | 18): Promise<Target> {
  const server = await startPostgres({ version });
  await prepareServer(server);
  return {
    name: 'postgres',
    label: `PostgreSQL ${version}`,
    points,
    roles: ['read'],
    early: [],
    open: async () => sceneOn(server),
    stop: () => server.stop(),
  };
}

function sceneOn(server: PostgresServer): Scene {
  return {
    config: configFor(server),
    wish: { target: 'orders-db' },
    briefly: 1_000,
    isAtRest: ({ state }) => state === 'revoked',
    inspect: ({ leases }) =>
      leakedRoles(
        server,
        leases.map(({ handle }) => (handle as { name: string }).name),
      ),
    close: async () => undefined,
  };
}

async function leakedRoles(server: PostgresServer, names: readonly string[]): Promise<Verdict> {
  const alive = await server.sql('SELECT rolname FROM pg_roles WHERE rolname ~ $$^jit_l$$');
  const leaked = alive.map(({ rolname }) => String(rolname)).filter((name) => names.includes(name));
  return { leaked: leaked.length, broken: leaked.map((name) => `role ${name} is alive`) };
}
