// Ways in which the file of a log is damaged, or changed by somebody, so that its end is not as it was written.

import Database from 'better-sqlite3';
import { canonicalText } from '../../src/audit/canonical.ts';
import { leafHash } from '../../src/audit/chain.ts';
import { parseCheckpoint, signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createSigner } from '../../src/audit/signer.ts';
import type { Json } from '../../src/core/json.ts';
import { systemRandom } from '../../src/system/random.ts';

/** More events than one complete subtree that is kept has. */
export const enough = 300;

const lastRow = 'seq = (SELECT max(seq) FROM ev)';

/** By what was done: how, and what is said of it. */
export const manipulations: Readonly<
  Record<string, readonly [sql: string | ((db: Database.Database) => void), RegExp]>
> = {
  'a node row is deleted': ['DELETE FROM nodes WHERE level = 8 AND idx = 0', /its tree is not/],
  'a node row is changed': ['UPDATE nodes SET hash = zeroblob(32)', /does not fit its newest checkpoint/],
  'the newest checkpoint is deleted': ['DELETE FROM newest_checkpoint', /newest checkpoint is missing/],
  'the newest checkpoint is garbled': ["UPDATE newest_checkpoint SET note = 'x'", /cannot be read/],
  'the newest checkpoint is of another log': [
    (db) => resign(db, { origin: `${originIn(db)}/7` }),
    /does not fit/,
  ],
  'the newest checkpoint is of another tree': [(db) => resign(db, { root: 'ab'.repeat(32) }), /does not fit/],
  'the newest checkpoint is signed by another key': [(db) => resign(db, {}), /does not fit/],
  'the newest checkpoint covers more events': [
    (db) => resign(db, { size: 9_999 }),
    /covers 9999 events and \d+ are there/,
  ],
  'its last events are deleted': ['DELETE FROM ev WHERE seq > 270', /covers \d+ events and 271 are there/],
  'the leaf of the last event is changed': [`UPDATE ev SET leaf = zeroblob(32) WHERE ${lastRow}`, /its hash/],
  'the body of the last event is changed': [`UPDATE ev SET body = zeroblob(9) WHERE ${lastRow}`, /its hash/],
  'the last event is another one': [rewriteLast, /does not fit its newest checkpoint/],
  'an event is missing near the end': [
    'DELETE FROM ev WHERE seq = (SELECT max(seq) - 2 FROM ev)',
    /its tree is not/,
  ],
  'the key is deleted': ['DELETE FROM keys', /key that signs it is missing/],
  'the first rows of the logs are deleted': ['DELETE FROM epochs', /where its logs begin/],
  'the name is deleted': ['DELETE FROM log_meta', /has no origin/],
  'all events are deleted': ['DELETE FROM ev', /all its events are missing/],
};

/** Does it to the database in `file`, which nobody has open. */
export function damage(file: string, what: string): void {
  const found = manipulations[what];
  if (!found) throw new Error(`no such manipulation: ${what}`);
  const [how] = found;
  const db = new Database(file);
  if (typeof how === 'string') db.exec(how);
  else how(db);
  db.close();
}

function originIn(db: Database.Database): string {
  return db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get() ?? '';
}

/** The newest checkpoint with other contents, by a key of the right name that the log does not know. */
function resign(db: Database.Database, changes: { origin?: string; size?: number; root?: string }): void {
  const note = db.prepare<[], string>('SELECT note FROM newest_checkpoint').pluck().get() ?? '';
  const head = parseCheckpoint(note);
  if (!head) throw new Error('no checkpoint');
  const { origin, size, root } = { ...head, ...changes };
  const forged = signCheckpoint({ origin, size, root }, [createSigner(origin, systemRandom.bytes(32))]);
  db.prepare('UPDATE newest_checkpoint SET note = ?, size = ?').run(forged, size);
}

/** Another event in place of the last one, chained as it should be. */
function rewriteLast(db: Database.Database): void {
  const body = db.prepare<[], Buffer>(`SELECT body FROM ev WHERE ${lastRow}`).pluck().get();
  const said = JSON.parse(String(body)) as Record<string, Json>;
  const bytes = Buffer.from(canonicalText({ ...said, mono_ms: '77' }));
  db.prepare(`UPDATE ev SET body = ?, leaf = ? WHERE ${lastRow}`).run(
    bytes,
    Buffer.from(leafHash(bytes), 'hex'),
  );
}
