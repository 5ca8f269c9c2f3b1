// What the broker says to the server for one grant, taken from the server's own log, so that the baseline of
// `elevate` is always the statements of this version.

import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Parameters of a server whose statements can be read back. */
export const recordingSettings = {
  log_destination: 'jsonlog',
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'server.log',
  log_statement: 'all',
  log_duration: 'off',
};

/** One connection: its database and what was said over it, parameters written out. */
export interface Session {
  readonly database: string;
  readonly statements: string[];
}

/** What was recorded, with the names that differ from grant to grant. */
export interface Recording {
  readonly sessions: readonly Session[];
  readonly role: string;
  readonly oid: string | null;
}

interface LogLine {
  readonly user?: string;
  readonly dbname?: string;
  readonly session_id?: string;
  readonly message?: string;
  readonly detail?: string;
}

/** How far the log has got. */
export function logSize(serverFolder: string): number {
  return readFileSync(logFile(serverFolder)).length;
}

/**
 * The broker's statements since `offset`.
 * @throws Error when no role was made since
 */
export function readRecording(serverFolder: string, offset: number, user: string): Recording {
  const sessions = new Map<string, Session>();
  const lines = readFileSync(logFile(serverFolder)).subarray(offset).toString().split('\n').filter(Boolean);
  for (const line of lines.map((text) => JSON.parse(text) as LogLine)) {
    const statement = line.user === user ? statementOf(line) : null;
    if (statement === null) continue;
    const id = line.session_id ?? '';
    const session = sessions.get(id) ?? { database: line.dbname ?? '', statements: [] };
    session.statements.push(statement);
    sessions.set(id, session);
  }
  const all = [...sessions.values()].flatMap(({ statements }) => statements).join('\n');
  const role = /CREATE ROLE "?(jit_[a-z0-9]+)/.exec(all)?.[1];
  if (role === undefined) throw new Error('the broker made no role');
  const oid = /usesysid\s*=\s*'?(\d+)/.exec(all)?.[1] ?? null;
  return { sessions: [...sessions.values()], role, oid };
}

const logFile = (serverFolder: string): string => path.join(serverFolder, 'data', 'log', 'server.json');

function statementOf({ message = '', detail = '' }: LogLine): string | null {
  const text = /^(?:statement|execute [^:]*): ([\s\S]*)$/.exec(message)?.[1];
  if (text === undefined) return null;
  const values = [...detail.matchAll(/\$(\d+) = ('(?:[^']|'')*'|NULL)/g)];
  const byNumber = new Map(values.map(([, number, value]) => [number, value]));
  return text.replace(/\$(\d+)\b/g, (whole, number: string) => byNumber.get(number) ?? whole);
}
