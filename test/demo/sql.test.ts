import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';

const program = path.join(import.meta.dirname, '../../dist/demo-sql.cjs');
let server: PostgresServer;
let passFile: string;

beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  passFile = path.join(mkdtempSync(path.join(tmpdir(), 'sql-')), 'pass');
  writeFileSync(passFile, `*:*:*:*:${server.superuser.password}\n`, { mode: 0o600 });
});

afterAll(() => server?.stop());

function sql(args: string[], input = '') {
  const { PATH } = process.env;
  const env = {
    PATH,
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSFILE: passFile,
  };
  return spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    input,
    env: { ...env, PGDATABASE: 'postgres' },
  });
}

it('prints rows as a table, logged in by the pass file', () => {
  const { status, stdout } = sql(['SELECT 1 AS one, NULL AS none']);
  expect(stdout).toBe('one | none\n----+-----\n1   |\n(1 row)\n');
  expect(status).toBe(0);
});

it('takes statements from stdin, and says what each did', () => {
  expect(sql([], 'CREATE TEMP TABLE t (a int);\nINSERT INTO t VALUES (1), (2);\n').stdout).toBe(
    'CREATE\nINSERT 2\n',
  );
});

it('shows the words of the server and ends with 1 when it says no', () => {
  const { status, stderr } = sql(['SELECT * FROM nothing']);
  expect(stderr).toBe('ERROR:  relation "nothing" does not exist\n');
  expect(status).toBe(1);
});
