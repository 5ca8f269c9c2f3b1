// A proof that one event is in a log of the shared store, from what an auditor can read. Nobody stores the nodes of the tree:
// they are computed from the leaves, a few at a time, on from the edge that was kept of those that are retired.

import { readBody } from '../audit/body.ts';
import { leafHash } from '../audit/chain.ts';
import { type Checkpoint, parseCheckpoint } from '../audit/checkpoint.ts';
import { parseEventName } from '../audit/event-name.ts';
import { hashBytes } from '../audit/merkle.ts';
import { followPath } from '../audit/merkle-path.ts';
import { type EventProof, formatProof } from '../audit/tlog-proof.ts';
import { JitError } from '../core/errors.ts';
import type { StoreConnection } from './connection.ts';
import { beginningOf } from './edge.ts';
import {
  beginReading,
  readCheckpoints,
  readEdges,
  readEvents,
  readLeaves,
  readLogs,
  type StoredEdge,
  type StoredLog,
} from './reader.ts';

/** Leaves that are read at once. */
const page = 20_000;

/**
 * Proves the event that `which` names: `<log>:<sequence>`, a leaf hash, or, where the store has one log, a sequence number.
 * @param onProgress told how many of how many events were read
 * @throws JitError `ERR_USAGE` when there is no such event, or several; `ERR_AUDIT_UNAVAILABLE` when no checkpoint covers it, or
 * it or what its proof needs is past its retention; `ERR_AUDIT_INVALID` when what is there does not lead to the checkpoint
 */
export async function proveStored(
  connection: StoreConnection,
  which: string,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<EventProof> {
  await beginReading(connection);
  const { log, seq, leaf: asked } = await find(connection, which);
  const { origin, size } = log;
  if (seq >= size) throw beyond(log, seq);
  const newest = headOf(log);
  if (newest === null || newest.size <= seq) throw notSigned(log, seq, newest);

  const parts = await partsOf(connection, log, seq);
  const { bytes, begin, edge } = parts;
  const note = parts.note ?? { text: log.checkpoint ?? '', checkpoint: newest };
  const leaf = leafHash(bytes);
  const body = readBody(bytes);
  if (typeof body === 'string' || body.origin !== origin || body.seq !== String(seq))
    throw invalid(log, `event ${seq} is none of this place`);
  if (asked !== null && asked !== leaf) throw invalid(log, `event ${seq} does not match its hash`);

  const end = note.checkpoint.size;
  const follower = followPath(seq, end, begin);
  if (edge !== null) follower.append(edge);
  const first = begin.size + (edge === null ? 0 : 1);
  for (let at = first; at < end; at += page) {
    const to = Math.min(at + page, end);
    const leaves = await readLeaves(connection, origin, at, to);
    if (!leaves) throw invalid(log, `not all of its events from ${at} to ${to - 1} are there`);
    for (let one = 0; one < to - at; one += 1) {
      const stored = leaves.subarray(one * hashBytes, (one + 1) * hashBytes);
      follower.append(at + one === seq ? Buffer.from(leaf, 'hex') : stored);
    }
    onProgress(to - first, end - first);
  }
  await connection.run('COMMIT');
  const { path, root } = follower.result();
  if (root.toString('hex') !== note.checkpoint.root)
    throw invalid(log, `its events do not lead to its checkpoint over ${end} of them`);
  const proof = formatProof({ extra: bytes, index: seq, path, checkpoint: note.text });
  return { origin, seq, leaf, size: end, proof };
}

interface Place {
  readonly log: StoredLog;
  readonly seq: number;
  /** As it was asked for. */
  readonly leaf: string | null;
}

async function find(connection: StoreConnection, which: string): Promise<Place> {
  const name = parseEventName(which);
  if (!name) throw unknown(`"${which}" is no name of an event`);
  const logs = await readLogs(connection);
  if (name.leaf !== null) {
    const { leaf } = name;
    const place = await findLeaf(connection, leaf);
    const log = logs.find(({ origin }) => origin === place?.origin);
    if (!place || !log) throw unknown(`the shared store has no event "${which}"`);
    return { log, seq: place.seq, leaf };
  }
  const { origin, seq } = name;
  if (origin === null && logs.length > 1) {
    throw new JitError(
      'ERR_USAGE',
      `the shared store has ${logs.length} logs, and "${which}" names none of them`,
      {
        hint: `write <log>:${which}, for example ${logs[0]?.origin}:${which}; jit audit verify --store names them all`,
      },
    );
  }
  const log = origin === null ? logs[0] : logs.find((one) => one.origin === origin);
  if (log) return { log, seq, leaf: null };
  throw new JitError(
    'ERR_USAGE',
    origin === null ? 'the shared store has no log' : `the shared store has no log "${origin}"`,
    {
      hint:
        origin === null
          ? 'jit audit sync, where a log is'
          : 'jit audit verify --store names the logs that are there',
    },
  );
}

/** No index has it: all events are looked through. */
async function findLeaf(
  connection: StoreConnection,
  leaf: string,
): Promise<{ origin: string; seq: number } | null> {
  const bytes = Buffer.from(leaf, 'hex');
  const [table] = await connection.rows<{ name: string | null }>("SELECT to_regclass('jit.edges') AS name");
  const tables = [
    'SELECT origin, seq FROM jit.events WHERE leaf = $1 LIMIT 1',
    ...(table?.name
      ? ["SELECT origin, size - 1 AS seq FROM jit.edges WHERE sha256('\\x00'::bytea || body) = $1 LIMIT 1"]
      : []),
  ];
  for (const text of tables) {
    const [row] = await connection.rows<{ origin: string; seq: string }>(text, [bytes]);
    if (row) return { origin: row.origin, seq: Number(row.seq) };
  }
  return null;
}

/** The newest checkpoint; whose it is nobody asks here, for whoever gets the proof does. */
function headOf(log: StoredLog): Checkpoint | null {
  if (log.checkpoint === null) return null;
  const found = parseCheckpoint(log.checkpoint);
  if (found?.origin === log.origin) return found;
  throw invalid(log, 'its checkpoint is malformed, or of another log');
}

interface Parts {
  /** The event. */
  readonly bytes: Buffer;
  /** Where the leaves begin that are read. */
  readonly begin: { readonly size: number; readonly nodes: readonly Uint8Array[] };
  /** The leaf right after `begin`, where it is that of an event that is retired. */
  readonly edge: Uint8Array | null;
  /** The checkpoint to prove against; null: the newest. */
  readonly note: { readonly text: string; readonly checkpoint: Checkpoint } | null;
}

async function partsOf(connection: StoreConnection, log: StoredLog, seq: number): Promise<Parts> {
  const { origin, size } = log;
  const [first] = await readEvents(connection, origin, 0, 1);
  const from = first?.seq ?? size;
  if (from === 0) {
    return {
      bytes: await bytesOf(connection, log, seq),
      begin: { size: 0, nodes: [] },
      edge: null,
      note: null,
    };
  }
  const edges = await readEdges(connection, origin, from);
  const kept = edges.find((edge) => edge.size === Math.min(seq + 1, from));
  if (seq < from && !kept) throw retired(log, seq, from);
  const { bytes, ...rest } = edgeOf(log, kept, from);
  if (seq >= from) return { bytes: await bytesOf(connection, log, seq), ...rest, note: null };
  if (seq === from - 1) return { bytes, ...rest, note: null };
  // Of those that name a key: what comes after it is gone, and the two keys have signed up to it.
  const at = (await readCheckpoints(connection, origin)).find((one) => one.size === seq + 1);
  const checkpoint = at ? parseCheckpoint(at.note) : null;
  if (!at || checkpoint?.size !== seq + 1 || checkpoint.origin !== origin) throw cutOff(log, seq, from);
  return { bytes, ...rest, note: { text: at.note, checkpoint } };
}

function edgeOf(log: StoredLog, kept: StoredEdge | undefined, from: number) {
  const begin = kept && beginningOf(log.origin, kept);
  if (!kept || !begin)
    throw invalid(log, `its first ${from} events are not there, and no edge of them that fits`);
  return { bytes: kept.body, begin: { size: begin.size - 1, nodes: begin.nodes }, edge: begin.leaf };
}

async function bytesOf(connection: StoreConnection, log: StoredLog, seq: number): Promise<Buffer> {
  const [row] = await readEvents(connection, log.origin, seq, 1);
  if (row?.seq === seq) return row.bytes;
  throw invalid(log, `event ${seq} is not there`);
}

function unknown(what: string): JitError {
  return new JitError('ERR_USAGE', what, {
    hint: 'name a place, <log>:<sequence>, or a leaf hash: jit audit log --store --json',
  });
}

function beyond({ origin, size }: StoredLog, seq: number): JitError {
  const last = size === 0 ? 'no event' : size === 1 ? 'event 0 alone' : `events 0 to ${size - 1}`;
  return new JitError('ERR_USAGE', `the shared store has ${last} of "${origin}", and no event ${seq}`, {
    hint: 'what is newer has to be sent first: jit audit sync, on its device',
  });
}

function notSigned({ origin }: StoredLog, seq: number, newest: Checkpoint | null): JitError {
  const far = newest ? `the newest one covers ${newest.size} events` : 'it has none';
  return new JitError(
    'ERR_AUDIT_UNAVAILABLE',
    `event ${seq} of "${origin}" cannot be proven: no checkpoint in the shared store covers it (${far})`,
    { hint: 'its device signs and sends one: jit audit sync, there' },
  );
}

const onDevice = ({ origin }: StoredLog, seq: number): string =>
  `prove it where the log is whole, on its device: jit audit prove ${origin}:${seq}`;

function retired(log: StoredLog, seq: number, from: number): JitError {
  return new JitError(
    'ERR_AUDIT_UNAVAILABLE',
    `event ${seq} of "${log.origin}" is gone from the shared store: those before ${from} are retired`,
    { hint: onDevice(log, seq) },
  );
}

function cutOff(log: StoredLog, seq: number, from: number): JitError {
  return new JitError(
    'ERR_AUDIT_UNAVAILABLE',
    `event ${seq} of "${log.origin}" cannot be proven: it was kept, and no checkpoint right after it; what comes next, up to event ${from - 1}, is retired`,
    { hint: onDevice(log, seq) },
  );
}

function invalid({ origin }: StoredLog, what: string): JitError {
  return new JitError('ERR_AUDIT_INVALID', `the log "${origin}" in the shared store is not whole: ${what}`, {
    hint: 'jit audit verify --store',
  });
}
