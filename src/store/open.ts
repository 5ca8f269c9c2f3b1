// Opens the store: safe path, durable settings, expected schema, an intact end of the log. In that order.

import Database from 'better-sqlite3';
import { deviceOf, originPattern } from '../audit/origin.ts';
import type { Signer } from '../audit/signer.ts';
import { JitError } from '../core/errors.ts';
import type { Clock } from '../system/clock.ts';
import { type Random, randomId } from '../system/random.ts';
import { fileBallast } from './ballast.ts';
import { findDamage, wrongBy } from './damage.ts';
import { type Epochs, openEpochs } from './epochs.ts';
import type { HeadKeeper } from './head-keeper.ts';
import { openJobs } from './jobs.ts';
import { type Log, openLog } from './log.ts';
import { treeVersion } from './migrations/index.ts';
import { checkPrivateFiles, ensurePrivateFile } from './private-file.ts';
import { checkSchema, migrate } from './schema.ts';
import { applySettings, settingsFor } from './settings.ts';
import { createSigning } from './signing.ts';
import { createStore } from './sqlite.ts';
import { toStoreError } from './sqlite-errors.ts';
import { openState } from './state.ts';
import type { Store } from './store.ts';
import { openTree } from './tree.ts';
import { watchFiles } from './watched-file.ts';

/** Where the store is, and what it needs of the outside world. */
export interface StoreOptions {
  /** Absolute path of the database; made when missing, unless `readOnly`. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** No write at all; may be open beside the broker. */
  readonly readOnly?: boolean;
  /** Signs the log; null or left out: unsigned until {@link Store.useSigner}. */
  readonly signer?: Signer | null;
  /** Keeps heads outside the file; null or left out: nobody notices when the file is set back. */
  readonly heads?: HeadKeeper | null;
  /** What a new log is called, where its signer had to know: {@link newOrigin}. */
  readonly origin?: string;
}

/** A name for a new broker and its first log. */
export function newOrigin(random: Random): string {
  return `jit.${randomId(random, 16)}`;
}

/** How long a writer waits for another one in milliseconds; there should be none but `sqlite3` in a shell. */
const busyTimeout = 2_000;

/**
 * Opens or makes the store. A new log begins with `log.open`. A log that is behind a head in `heads`, or whose end, tree or
 * checkpoint is damaged, is opened and says so ({@link Store.stopped}): what is open on targets has to be taken back.
 * @throws JitError `ERR_UNSAFE_PATH` (others could reach the file), `ERR_AUDIT_UNAVAILABLE` (cannot be opened
 * or made durable), `ERR_AUDIT_INVALID` (no database, tables that jit did not make, or a log of
 * another key than the signer's), `ERR_UNSUPPORTED` (written by a newer jit).
 */
export function openStore(options: StoreOptions): Store {
  const { path, clock, random, readOnly = false, signer = null, heads = null } = options;
  if (readOnly) checkPrivateFiles(path);
  else ensurePrivateFile(path);
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { readonly: readOnly, fileMustExist: true, timeout: busyTimeout });
    applySettings(db, settingsFor(readOnly ? 'read' : 'write', process.platform));
    const hasTree = readOnly ? checkSchema(db) >= treeVersion : migrate(db);
    const found = readOrigin(db);
    const origin = found ?? (readOnly ? invalid('it has no origin') : (options.origin ?? newOrigin(random)));
    return assemble(db, { path, clock, random, readOnly, signer, heads, origin, hasTree });
  } catch (thrown) {
    db?.close();
    throw toStoreError(thrown, `open the audit log "${path}"`);
  }
}

type Assembly = Required<StoreOptions> & { readonly hasTree: boolean };

function assemble(db: Database.Database, options: Assembly): Store {
  const { path, clock, random, readOnly, signer, heads, origin, hasTree } = options;
  const epochs = openEpochs(db, hasTree);
  const log = openLog(db, origin, clock, epochs);
  const kept = heads?.known() ?? [];
  const damage =
    completeTree(db, log, epochs, readOnly) ?? findDamage({ db, device: origin, log, epochs, kept });
  if (readOnly && damage !== null) invalid(damage);
  return createStore({
    db,
    origin,
    clock,
    log,
    epochs,
    signing: createSigning(origin, log, epochs, heads),
    signer,
    damage,
    state: openState(db),
    jobs: openJobs(db),
    ballast: fileBallast(`${path}.ballast`, random),
    fate: watchFiles([path, `${path}-wal`], () => clock.now()),
    readOnly,
  });
}

/** Of a log that is not signed yet: it may be older than its tree. Answers what is wrong with it. */
function completeTree(db: Database.Database, log: Log, epochs: Epochs, readOnly: boolean): string | null {
  const epoch = epochs.current();
  if (readOnly || !epoch || epochs.key(epoch.number) !== null) return null;
  return wrongBy(() => db.transaction(() => openTree(db, epoch).complete(log.head().size)).immediate());
}

/** The broker's name; null for a file that is new. Where it is missing, the events still have it. */
function readOrigin(db: Database.Database): string | null {
  const origin = db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get() ?? null;
  if (origin !== null) return origin;
  const bodies = db
    .prepare<[], string>('SELECT CAST(body AS TEXT) FROM ev ORDER BY seq DESC LIMIT 100')
    .pluck()
    .all();
  if (bodies.length === 0) return null;
  const [name] = bodies.flatMap((body) => /"origin":"(jit\.[0-9a-z/]+)"/.exec(body)?.[1] ?? []);
  return name !== undefined && originPattern.test(name) ? deviceOf(name) : invalid('it has no origin');
}

function invalid(why: string): never {
  throw new JitError('ERR_AUDIT_INVALID', `the audit log is not as jit wrote it: ${why}`, {
    hint: 'jit audit verify',
  });
}
