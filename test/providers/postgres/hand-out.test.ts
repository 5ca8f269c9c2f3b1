// What a child is given: read by the clients that people use, against a real server with awkward names.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { handOut } from '../../../src/providers/postgres/hand-out.ts';
import type { PostgresHandle } from '../../../src/providers/postgres/index.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { askLibpq } from '../../support/postgres-libpq.ts';

const user = `jit_o'd:d\\r "ole"`;
const password = "p:a\\s's%/?#@ w";
const database = `d'b "x"/ä`;

describe('a hand-out', () => {
  let server: PostgresServer;
  const dir = mkdtempSync(path.join(tmpdir(), 'jit-hand-out-'));
  beforeAll(async () => {
    server = await startPostgres({ version: 15 });
    await server.sql(`CREATE ROLE ${pg.escapeIdentifier(user)} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
    await server.createDatabase(database);
    await server.createDatabase('other');
  });
  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
    await server.stop();
  });

  const handed = (host: string) => {
    const handle: PostgresHandle = {
      target: 'prod-db',
      host,
      port: server.port,
      database,
      user: 'jit_broker',
      password: 'env:X',
      sslmode: 'disable',
      ssl_root_cert: null,
      connect_timeout_ms: 1000,
      lease: 'l1',
      name: user,
      oid: 1,
      quarantine: 'jit_quarantine',
      groups: [],
      deadline: 0,
    };
    return handOut(handle, new Secret(password), 'jit g1');
  };
  /** The environment of a child, with the files written as the broker does. */
  const environment = (host: string): Record<string, string> => {
    const { env, files } = handed(host);
    const written = files.map(({ name, variable, content }) => {
      const file = path.join(dir, name);
      writeFileSync(file, content.reveal(), { mode: 0o600 });
      return [variable, file];
    });
    // node-postgres warns that it will stop reading pass files by itself.
    return { PATH: process.env['PATH'] ?? '', NODE_NO_WARNINGS: '1', ...env, ...Object.fromEntries(written) };
  };
  const run = async (command: string, args: string[], env: Record<string, string>) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    await once(child, 'close');
    return said.trim();
  };
  const question = `SELECT current_database() || '|' || current_user || '|' || current_setting('application_name')`;
  const answer = `${database}|${user}|jit g1`;

  it.each([15, 18] as const)(
    'lets libpq %i, and so psql, in over a socket and TCP, also to another database and by the service',
    async (major) => {
      for (const host of [server.host, '127.0.0.1']) {
        const env = environment(host);
        expect(await askLibpq(major, '', question, env)).toBe(answer);
        expect(await askLibpq(major, 'dbname=other', 'SELECT current_database()', env)).toBe('other');
        expect(await askLibpq(major, 'service=prod-db', 'SELECT current_user', env)).toBe(user);
      }
      const { PGPASSFILE: _, ...without } = environment('127.0.0.1');
      expect(await askLibpq(major, '', question, without)).toContain('no password supplied');
    },
  );

  it.each([15, 18] as const)(
    'leads libpq %i nowhere else once its files are gone: not to the files of the user',
    async (major) => {
      const HOME = mkdtempSync(path.join(tmpdir(), 'jit-own-home-'));
      const own = pg.escapeIdentifier('own');
      await server.sql(`DROP ROLE IF EXISTS ${own}`);
      await server.sql(`CREATE ROLE ${own} LOGIN PASSWORD 'own'`);
      const service = `[prod-db]\nhost=127.0.0.1\nport=${server.port}\nuser=own\npassword=own\ndbname=other\n`;
      writeFileSync(path.join(HOME, '.pg_service.conf'), service);
      writeFileSync(path.join(HOME, '.pgpass'), '*:*:*:*:own\n', { mode: 0o600 });
      const bare = { PATH: process.env['PATH'] ?? '', HOME };
      expect(await askLibpq(major, 'service=prod-db', 'SELECT current_user', bare)).toBe('own');
      const env: Record<string, string> = { ...bare, ...environment('127.0.0.1') };
      const ended = {
        ...env,
        PGPASSFILE: `${env['PGPASSFILE']}-gone`,
        PGSERVICEFILE: `${env['PGSERVICEFILE']}-gone`,
      };
      expect(await askLibpq(major, '', question, ended)).toContain('no password supplied');
      expect(await askLibpq(major, 'service=prod-db', 'SELECT current_user', ended)).toMatch(
        /service.*not found/,
      );
      rmSync(HOME, { recursive: true });
    },
  );

  it.each(['socket', '127.0.0.1'])('lets node-postgres in over %s', async (kind) => {
    const script = `const pg = require('pg'); const c = new pg.Client();
      c.connect().then(() => c.query(process.argv[1])).then((r) => { console.log(Object.values(r.rows[0])[0]); return c.end(); })
        .catch((e) => { console.log(e.message); process.exit(1); })`;
    const env = environment(kind === 'socket' ? server.host : kind);
    expect(await run(process.execPath, ['-e', script, question], env)).toBe(answer);
  });

  it.each(['socket', '127.0.0.1'])(
    'exports a URL over %s that libpq and node-postgres read',
    async (kind) => {
      const { exports } = handed(kind === 'socket' ? server.host : kind);
      const url = exports['url']?.['DATABASE_URL']?.reveal() ?? '';
      const env = { PATH: process.env['PATH'] ?? '' };
      for (const major of [15, 18] as const) {
        expect(await askLibpq(major, url, 'SELECT current_user', env)).toBe(user);
      }
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      expect((await client.query('SELECT current_database() AS d')).rows).toEqual([{ d: database }]);
      await client.end();
    },
  );

  it('puts the password in the pass file and the URL only', () => {
    const { env, files, unset } = handed('127.0.0.1');
    expect(JSON.stringify(env)).not.toContain('p:a');
    expect(files.map(({ variable }) => variable)).toEqual(['PGSERVICEFILE', 'PGPASSFILE']);
    expect(files[0]?.content.reveal()).not.toContain('p:a');
    expect(unset).toEqual(
      expect.arrayContaining(['PGPASSWORD', 'PGSERVICE', 'DATABASE_URL', 'PGOPTIONS', 'PGHOSTADDR']),
    );
  });
});
