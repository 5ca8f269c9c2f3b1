// `sql`: the demonstration's own client of PostgreSQL, so that it needs no psql. A program, not a module.
// Takes statements as arguments, or line by line from stdin. Reads PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSFILE.

import { readFileSync } from 'node:fs';
import readline from 'node:readline';
import pg from 'pg';
import { passwordFor } from './pass-file.ts';
import { formatRows } from './table.ts';

const encrypted = /^(require|verify-ca|verify-full)$/.exec(process.env['PGSSLMODE'] ?? '');

/** From PGPASSFILE; undefined leaves it to the driver, which asks the environment. */
function password(): string | undefined {
  const { PGHOST = 'localhost', PGPORT = '5432', PGUSER = '', PGDATABASE = PGUSER, PGPASSFILE } = process.env;
  if (PGPASSFILE === undefined) return undefined;
  const login = { host: PGHOST, port: PGPORT, database: PGDATABASE, user: PGUSER };
  return passwordFor(readFileSync(PGPASSFILE, 'utf8'), login) ?? undefined;
}

/** Runs one text of statements; answers whether the server took it. */
async function execute(client: pg.Client, text: string): Promise<boolean> {
  try {
    const answer: pg.QueryResult | pg.QueryResult[] = await client.query({ text, rowMode: 'array' });
    for (const result of [answer].flat()) {
      const names = result.fields.map(({ name }) => name);
      const told =
        names.length > 0 ? formatRows(names, result.rows) : `${result.command} ${result.rowCount ?? ''}`;
      process.stdout.write(`${told.trimEnd()}\n`);
    }
    return true;
  } catch (error) {
    process.stderr.write(`ERROR:  ${(error as Error).message}\n`);
    return false;
  }
}

async function main(statements: readonly string[]): Promise<boolean> {
  const client = new pg.Client({
    password: password(),
    ssl: encrypted ? { rejectUnauthorized: encrypted[0] !== 'require' } : false,
    connectionTimeoutMillis: 10_000,
  });
  // A connection that the server breaks off between two statements shows at the next one.
  client.on('error', () => undefined);
  await client.connect();
  let allTaken = true;
  try {
    for await (const statement of statements.length > 0 ? statements : typed()) {
      allTaken = (await execute(client, statement)) && allTaken;
    }
  } finally {
    await client.end();
  }
  return allTaken;
}

/** Lines of stdin that say something, with a prompt on a terminal, until its end or `exit`. */
async function* typed(): AsyncGenerator<string> {
  const lines = readline.createInterface({ input: process.stdin });
  const prompt = (): boolean => process.stdin.isTTY === true && process.stdout.write('sql> ');
  prompt();
  for await (const line of lines) {
    if (/^\s*(\\q|exit|quit)\s*;?\s*$/.test(line)) break;
    if (line.trim() !== '') yield line;
    prompt();
  }
  lines.close();
}

// At the deadline jit ends this process while the server ends the session: let the server have the last word.
process.once('SIGTERM', () => {
  setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1_000).unref();
});

main(process.argv.slice(2)).then(
  (allTaken) => {
    process.exitCode = allTaken ? 0 : 1;
  },
  (error: Error) => {
    process.stderr.write(`ERROR:  ${error.message}\n`);
    process.exitCode = 1;
  },
);
