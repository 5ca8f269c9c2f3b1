// The baseline of `elevate`: one Node that says to the server what the broker said, and nothing else.
// A program; argument: a JSON file with the recording and the broker's login.

import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { Recording } from './recording.ts';

interface Script {
  readonly recording: Recording;
  readonly login: { host: string; port: number; user: string; password: string };
}

const { recording, login } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Script;
const role = `jit_bare${process.pid}`;

async function main(): Promise<void> {
  let oid = '0';
  const clients = new Map<string, pg.Client>();
  for (const { database, statements } of recording.sessions) {
    // One connection per database, however many the broker took: nobody who wrote this by hand would use more.
    const client = clients.get(database) ?? new pg.Client({ ...login, database, ssl: false });
    if (!clients.has(database)) await client.connect();
    clients.set(database, client);
    for (const statement of statements) {
      const text = statement.replaceAll(recording.role, role);
      await client.query(recording.oid === null ? text : text.replaceAll(recording.oid, oid));
      if (text.includes('CREATE ROLE')) {
        const { rows } = await client.query(`SELECT oid FROM pg_roles WHERE rolname = '${role}'`);
        oid = String(rows[0]?.oid ?? oid);
      }
    }
  }
  for (const client of clients.values()) await client.end();
}

await main();
