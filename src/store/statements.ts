// Prepared statements, each prepared once per connection. Texts come from this folder, values are bound.

import type { Database, Statement } from 'better-sqlite3';

/** What a statement may be given: named values. */
export type Values = Record<string, string | number | Uint8Array | null>;

/** Answers the statement of a text, prepared at its first use. */
export function statements(db: Database): <Row = unknown>(sql: string) => Statement<[Values], Row> {
  const prepared = new Map<string, Statement<[Values]>>();
  return <Row>(sql: string) => {
    let statement = prepared.get(sql);
    if (!statement) {
      statement = db.prepare<[Values]>(sql);
      prepared.set(sql, statement);
    }
    return statement as Statement<[Values], Row>;
  };
}
