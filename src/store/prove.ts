// A proof that one event is in the log, from the file alone. Reads only; the broker may have it open.

import { existsSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { parseEventName } from '../audit/event-name.ts';
import { inclusionProof } from '../audit/merkle.ts';
import { originOf } from '../audit/origin.ts';
import { type EventProof, formatProof } from '../audit/tlog-proof.ts';
import { JitError } from '../core/errors.ts';
import { type Epoch, openEpochs, type StoredCheckpoint } from './epochs.ts';
import { treeVersion } from './migrations/index.ts';
import { openForReading } from './open-file.ts';
import { checkSchema } from './schema.ts';
import { toStoreError } from './sqlite-errors.ts';
import { openTree } from './tree.ts';

/**
 * Proves the event that `which` names in the log file `path`: a sequence number of the newest log, `<log>:<sequence>`, or
 * a leaf hash.
 * @throws JitError `ERR_USAGE` when there is no such event, `ERR_AUDIT_UNAVAILABLE` when no checkpoint covers it or the
 * file cannot be read, `ERR_AUDIT_INVALID` when it is not what jit wrote
 */
export function proveEvent(path: string, which: string): EventProof {
  if (!existsSync(path)) {
    throw new JitError('ERR_AUDIT_UNAVAILABLE', `cannot open the audit log "${path}": no such file`);
  }
  let db: Database | null = null;
  try {
    db = openForReading(path);
    const opened = db;
    return opened.transaction(() => prove(opened, which))();
  } catch (thrown) {
    throw toStoreError(thrown, `read the audit log "${path}"`);
  } finally {
    db?.close();
  }
}

function prove(db: Database, which: string): EventProof {
  const epochs = openEpochs(db, checkSchema(db) >= treeVersion);
  const device = db.prepare<[], string>('SELECT origin FROM log_meta').pluck().get() ?? '';
  const all = epochs.all().map((epoch) => ({ ...epoch, origin: originOf(device, epoch.number) }));
  const { epoch, row } = find(db, all, which);
  const event = db
    .prepare<[number], { leaf: Buffer; body: Buffer }>('SELECT leaf, body FROM ev WHERE seq = ?')
    .get(row);
  const seq = row - epoch.first;
  if (!event || seq < 0) throw unknown(which);
  const checkpoint = epochs.checkpoints(epoch.number).at(-1);
  if (!checkpoint || checkpoint.size <= seq) throw notSigned(seq, checkpoint);
  const path = inclusionProof(openTree(db, epoch).node, seq, checkpoint.size);
  return {
    origin: epoch.origin,
    seq,
    leaf: event.leaf.toString('hex'),
    size: checkpoint.size,
    proof: formatProof({ extra: event.body, index: seq, path, checkpoint: checkpoint.note }),
  };
}

type Named = Epoch & { readonly origin: string };

function find(db: Database, epochs: readonly Named[], which: string): { epoch: Named; row: number } {
  const name = parseEventName(which);
  if (!name) throw unknown(which);
  if (name.leaf !== null) {
    const row = db
      .prepare<[Buffer], number>('SELECT seq FROM ev WHERE leaf = ?')
      .pluck()
      .get(Buffer.from(name.leaf, 'hex'));
    const epoch = epochs.findLast(({ first }) => row !== undefined && first <= row);
    if (row === undefined || !epoch) throw unknown(which);
    return { epoch, row };
  }
  const { origin, seq } = name;
  const at = origin === null ? epochs.length - 1 : epochs.findIndex((epoch) => epoch.origin === origin);
  const epoch = epochs[at];
  if (!epoch) throw unknown(which);
  const row = epoch.first + seq;
  if (row >= (epochs[at + 1]?.first ?? Number.MAX_SAFE_INTEGER)) throw unknown(which);
  return { epoch, row };
}

function unknown(which: string): JitError {
  return new JitError('ERR_USAGE', `the audit log has no event "${which}"`, {
    hint: 'name a sequence number or a leaf hash: jit audit log --json',
  });
}

function notSigned(seq: number, checkpoint: StoredCheckpoint | undefined): JitError {
  const far = checkpoint ? `the newest one covers ${checkpoint.size} events` : 'it has none';
  return new JitError(
    'ERR_AUDIT_UNAVAILABLE',
    `event ${seq} cannot be proven: no checkpoint of the audit log covers it (${far})`,
    { hint: 'jit doctor' },
  );
}
