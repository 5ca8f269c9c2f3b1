// What is wrong with a log before anything is written to it, as far as that can be told without reading all of it: its end,
// its tree, its newest checkpoint. The rest is `jit audit verify`. Looks; changes nothing.

import type { Database } from 'better-sqlite3';
import { leafHash } from '../audit/chain.ts';
import { parseCheckpoint } from '../audit/checkpoint.ts';
import type { EventData } from '../audit/event.ts';
import { parseVkey, signersOf } from '../audit/note.ts';
import { originOf } from '../audit/origin.ts';
import { hasCode } from '../core/errors.ts';
import type { Epochs } from './epochs.ts';
import type { Log } from './log.ts';
import { toStoreError } from './sqlite-errors.ts';

/** What {@link findDamage} looks at. */
export interface Damageable {
  readonly db: Database;
  readonly device: string;
  readonly log: Log;
  readonly epochs: Epochs;
  /** Signed heads (notes) that are kept outside. */
  readonly kept: readonly string[];
}

/**
 * What is wrong, in words; null for a new file, and for a log whose end is as it was written.
 * @throws what SQLite throws when the file cannot be read at all
 */
export function findDamage(parts: Damageable): string | null {
  let what: string | null = null;
  return (
    wrongBy(() => {
      what = told(parts) ?? wrongRows(parts) ?? wrongTree(parts) ?? wrongCheckpoint(parts);
    }) ?? what
  );
}

/** What `work` finds wrong with the file; null: nothing. @throws whatever else it throws */
export function wrongBy(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (thrown) {
    const error = toStoreError(thrown, 'read it');
    if (hasCode(error, 'ERR_AUDIT_INVALID')) return damageText(error);
    throw thrown;
  }
}

/**
 * What an earlier start has put on record: what is appended since may hide it, and only another log is without it. Nothing
 * of a damaged log is signed, so it stands after the newest checkpoint.
 */
function told({ log, epochs }: Damageable): string | null {
  const epoch = epochs.current();
  if (!epoch) return null;
  const row = epochs.newest();
  const signed = row?.epoch === epoch.number ? row.size : 0;
  const after = epoch.first + signed - 1;
  const [event] = log.events({ type: 'log.damaged', after, oldest: true, limit: 1 });
  return event ? (event.body.data as EventData['log.damaged']).what : null;
}

/** What was found wrong by a read or a write, without what it was found by. */
export function damageText({ message }: Error): string {
  return message.replace(
    /^(the audit log is not as jit wrote it|cannot write the audit log|cannot read it): /,
    '',
  );
}

function wrongRows({ db, epochs }: Damageable): string | null {
  const isNamed = db.prepare('SELECT 1 FROM log_meta').get() !== undefined;
  const last = db
    .prepare<[], { seq: number; leaf: Buffer; body: Buffer }>('SELECT * FROM ev ORDER BY seq DESC LIMIT 1')
    .get();
  if (!last) return isNamed ? 'all its events are missing' : null;
  if (!isNamed) return 'it has no origin';
  if (leafHash(last.body) !== last.leaf.toString('hex')) return `event ${last.seq} does not match its hash`;
  const epoch = epochs.current();
  if (!epoch) return 'where its logs begin is missing';
  return last.seq < epoch.first ? `all events of log ${epoch.number} are missing` : null;
}

/** A log that is not signed yet may be older than its tree, which is made up for at the start. */
function wrongTree({ epochs, log }: Damageable): string | null {
  const epoch = epochs.current();
  if (!epoch || epochs.key(epoch.number) === null) return null;
  return log.tree.isComplete(log.head().size) ? null : 'its tree is not that of its events';
}

/** The newest checkpoint has to be one of this very log, by the key that the log names. */
function wrongCheckpoint({ device, log, epochs, kept }: Damageable): string | null {
  const epoch = epochs.current();
  if (!epoch) return null;
  const origin = originOf(device, epoch.number);
  const vkey = epochs.key(epoch.number);
  const { size } = log.head();
  // Those that it leads to; by the others a log that was set back is told.
  const outside = kept
    .flatMap((note) => parseCheckpoint(note) ?? [])
    .filter((one) => one.origin === origin && one.size <= size && log.rootAt(one.size) === one.root);
  const row = epochs.newest();
  if (vkey === null) {
    const isSigned = row?.epoch === epoch.number || outside.length > 0 || namesKey(log, epoch.first);
    return isSigned ? 'the key that signs it is missing' : null;
  }
  if (row?.epoch !== epoch.number) return 'its newest checkpoint is missing';
  const found = parseCheckpoint(row.note);
  if (!found) return 'its newest checkpoint cannot be read';
  if (found.size > size) return `its newest checkpoint covers ${found.size} events and ${size} are there`;
  const key = parseVkey(vkey);
  const isSigned = key !== null && signersOf(found.note, [key])?.length === 1;
  const isHere = found.origin === origin && row.size === found.size;
  if (!isSigned || !isHere || log.rootAt(found.size) !== found.root)
    return 'it does not fit its newest checkpoint';
  if (!log.tree.isGrown(found.size, size)) return 'its tree is not that of its events';
  // One that is kept outside was made here, and was the newest then.
  return outside.some((one) => one.size > row.size)
    ? 'its newest checkpoint is older than one that is kept elsewhere'
    : null;
}

/** True when the first event of a log says who signs it. */
function namesKey(log: Log, first: number): boolean {
  const [event] = log.events({ type: 'log.open', after: first - 1, oldest: true, limit: 1 });
  return event?.row === first && (event.body.data as EventData['log.open']).vkey !== undefined;
}
