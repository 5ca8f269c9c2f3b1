// Opens the store: safe path, durable settings, expected schema, an intact end of the log. In that order.

import Database from 'better-sqlite3';
import { leafHash } from '../audit/chain.ts';
import { JitError } from '../core/errors.ts';
import type { Clock } from '../system/clock.ts';
import { type Random, randomId } from '../system/random.ts';
import { version } from '../system/version.ts';
import { fileBallast } from './ballast.ts';
import { openJobs } from './jobs.ts';
import { openLog } from './log.ts';
import { checkPrivateFiles, ensurePrivateFile } from './private-file.ts';
import { checkSchema, migrate } from './schema.ts';
import { applySettings, settingsFor } from './settings.ts';
import { createStore } from './sqlite.ts';
import { toStoreError } from './sqlite-errors.ts';
import { openState } from './state.ts';
import type { Store } from './store.ts';
import { watchFiles } from './watched-file.ts';

/** Where the store is, and what it needs of the outside world. */
export interface StoreOptions {
  /** Absolute path of the database; made when missing, unless `readOnly`. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** No write at all; may be open beside the broker. */
  readonly readOnly?: boolean;
}

/** How long a writer waits for another one in milliseconds; there should be none but `sqlite3` in a shell. */
const busyTimeout = 2_000;

/**
 * Opens or makes the store. A new log begins with `log.open`.
 * @throws JitError `ERR_UNSAFE_PATH` (others could reach the file), `ERR_AUDIT_UNAVAILABLE` (cannot be opened
 * or made durable), `ERR_AUDIT_INVALID` (not what jit wrote), `ERR_UNSUPPORTED` (written by a newer jit).
 */
export function openStore({ path, clock, random, readOnly = false }: StoreOptions): Store {
  if (readOnly) checkPrivateFiles(path);
  else ensurePrivateFile(path);
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { readonly: readOnly, fileMustExist: true, timeout: busyTimeout });
    applySettings(db, settingsFor(readOnly ? 'read' : 'write', process.platform));
    if (readOnly) checkSchema(db);
    else migrate(db);
    const origin = readOrigin(db) ?? (readOnly ? invalid('it has no origin') : `jit.${randomId(random, 16)}`);
    checkEnd(db);
    return assemble(db, { path, clock, random, readOnly, origin });
  } catch (thrown) {
    db?.close();
    throw toStoreError(thrown, `open the audit log "${path}"`);
  }
}

function assemble(db: Database.Database, options: Required<StoreOptions> & { origin: string }): Store {
  const { path, clock, random, readOnly, origin } = options;
  const log = openLog(db, origin, clock);
  const store = createStore({
    db,
    origin,
    log,
    state: openState(db),
    jobs: openJobs(db),
    ballast: fileBallast(`${path}.ballast`, random),
    fate: watchFiles([path, `${path}-wal`], () => clock.now()),
    readOnly,
  });
  if (log.head().size > 0) return store;
  store.commit((tx) => {
    db.prepare('INSERT INTO log_meta (id, origin) VALUES (1, ?)').run(origin);
    tx.append({ type: 'log.open', at: clock.now(), data: { version } });
  });
  return store;
}

/** The log's name; null for a file that is new. */
function readOrigin(db: Database.Database): string | null {
  const origin = db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get() ?? null;
  const events = db.prepare('SELECT 1 FROM ev LIMIT 1').get() !== undefined;
  if ((origin !== null) !== events) invalid(events ? 'it has no origin' : 'all its events are missing');
  return origin;
}

/** The last event alone, so that a start takes no longer as the log grows; the rest is `jit audit verify`. */
function checkEnd(db: Database.Database): void {
  const last = db
    .prepare<[], { seq: number; leaf: Buffer; body: Buffer }>('SELECT * FROM ev ORDER BY seq DESC LIMIT 1')
    .get();
  if (last && leafHash(last.body) !== last.leaf.toString('hex')) {
    invalid(`event ${last.seq} does not match its hash`);
  }
}

function invalid(why: string): never {
  throw new JitError('ERR_AUDIT_INVALID', `the audit log is not as jit wrote it: ${why}`, {
    hint: 'jit audit verify',
  });
}
