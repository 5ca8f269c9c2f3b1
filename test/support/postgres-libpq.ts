// The client library under psql, pg_dump and most drivers, called by itself: the embedded servers bring it, psql they
// do not. In a process of its own, because it reads the environment as it was at the start.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { findBinaries } from '../../src/demo/binaries.ts';

const script = `
  const [library, conninfo, text] = process.argv.slice(1);
  const libpq = require('koffi').load(library);
  const connect = libpq.func('void *PQconnectdb(const char *)');
  const status = libpq.func('int PQstatus(void *)');
  const why = libpq.func('const char *PQerrorMessage(void *)');
  const exec = libpq.func('void *PQexec(void *, const char *)');
  const value = libpq.func('const char *PQgetvalue(void *, int, int)');
  const connection = connect(conninfo);
  console.log(status(connection) === 0 ? value(exec(connection, text), 0, 0) : why(connection));`;

/** What libpq of that major version answers to a query of one value, or why it could not connect. */
export async function askLibpq(
  major: 15 | 18,
  conninfo: string,
  query: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { folder } = findBinaries({ only: 'embedded', major });
  const name = process.platform === 'darwin' ? 'libpq.5.dylib' : 'libpq.so.5';
  const library = path.join(folder, '../lib', name);
  const child = spawn(process.execPath, ['-e', script, library, conninfo, query], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  await once(child, 'close');
  return said.trim();
}
