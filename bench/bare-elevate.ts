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
  for (const { database, statements } of recording.sessions) {
    const client = new pg.Client({ ...login, database, ssl: false });
    await client.connect();
    for (const statement of statements) {
      const text = statement.replaceAll(recording.role, role);
      await client.query(recording.oid === null ? text : text.replaceAll(recording.oid, oid));
      if (text.includes('CREATE ROLE')) {
        const { rows } = await client.query(`SELECT oid FROM pg_roles WHERE rolname = '${role}'`);
        oid = String(rows[0]?.oid ?? oid);
      }
    }
    await client.end();
  }
}

await main();
