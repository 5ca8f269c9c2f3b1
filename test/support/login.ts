// Reads back what was handed out, as a client of PostgreSQL would.

import { readFileSync } from 'node:fs';

/** A login of PostgreSQL. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** User and password behind `PGUSER` and `PGPASSFILE`. */
export function loginOf(env: Readonly<Record<string, string>>): Login {
  const line = readFileSync(env['PGPASSFILE'] ?? '', 'utf8').split('\n')[0] ?? '';
  const fields = line.match(/(?:[^:\\]|\\.)+/g) ?? [];
  const password = (fields.at(-1) ?? '').replace(/\\(.)/g, '$1');
  return { user: env['PGUSER'] ?? '', password };
}
