// A user of jit beside a real PostgreSQL, for all tests of a file or block. Call it where `beforeAll` may stand.

import { afterAll, beforeAll } from 'vitest';
import { type PostgresServer, startPostgres } from './postgres.ts';
import { configFor, createWorld, prepareServer, type World } from './world.ts';

/** What the hooks have started; to be read inside tests and later hooks only. */
export interface Served {
  readonly server: PostgresServer;
  readonly world: World;
}

/** @param config the configuration, once the server is there; {@link configFor} unless told otherwise */
export function serve(version: 15 | 18 = 18, config: (server: PostgresServer) => string = configFor): Served {
  let server: PostgresServer | undefined;
  let world: World | undefined;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await prepareServer(server);
    world = createWorld(config(server));
  });
  afterAll(async () => {
    await world?.remove();
    await server?.stop();
  });
  return {
    get server() {
      return given(server);
    },
    get world() {
      return given(world);
    },
  };
}

function given<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('the hooks have not run yet');
  return thing;
}
