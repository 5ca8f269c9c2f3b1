// Verifies one log of a file: its rows, and everything that the file says about it beside them.

import type { Database } from 'better-sqlite3';
import type { EventBody, EventData, LogHead } from '../audit/event.ts';
import { type Follower, followLog } from '../audit/follow.ts';
import { originOf } from '../audit/origin.ts';
import { type LogProblem, type LogReport, type LogRow, verifyLog } from '../audit/verify.ts';
import type { Epoch, Epochs } from './epochs.ts';
import type { StateCheck } from './verify-state.ts';

/** One log as it was found. */
export interface LogFound {
  readonly origin: string;
  readonly events: number;
  /** Of the Merkle tree over all its events, hex. */
  readonly root: string;
  /** Events that the newest checkpoint covers; those after it are not signed. */
  readonly signed: number;
  /** The newest checkpoint as it is stored (a signed note); null: there is none. */
  readonly checkpoint: string | null;
  /** Keys (vkey) that it named, in order of succession. */
  readonly keys: readonly string[];
  /** How it goes on from the log before; null for the first. */
  readonly fork: EventData['log.fork'] | null;
  /** Heads kept elsewhere that it does not lead to. */
  readonly missed: readonly LogHead[];
  /** The first thing that is wrong with it, at the sequence number that it has there; null: it is valid. */
  readonly problem: LogProblem | null;
}

/** What {@link verifyEpoch} reads. */
export interface EpochParts {
  readonly db: Database;
  readonly device: string | undefined;
  readonly epoch: Epoch;
  /** The row where the next log begins. */
  readonly upTo: number;
  readonly epochs: Epochs;
  readonly hasTree: boolean;
  readonly previous: LogHead | null;
  readonly known: readonly LogHead[];
  readonly state: StateCheck;
  /** Called with each event that is as it should be, and its row. */
  readonly onEvent?: ((body: EventBody, row: number) => void) | undefined;
}

/** As {@link LogFound}; the first problem is in the report. */
export function verifyEpoch(parts: EpochParts): { found: LogFound; rows: LogReport } {
  const { db, device, epoch, upTo, epochs, hasTree, previous, known, state, onEvent } = parts;
  const origin = device === undefined ? undefined : originOf(device, epoch.number);
  const nodes = hasTree ? openNodes(db, epoch.number) : null;
  const follower = followLog({
    origin: origin ?? '',
    previous,
    checkpoints: epochs.checkpoints(epoch.number),
    known: known.filter((head) => head.origin === origin),
    ...(nodes && { onNode: nodes.compare }),
  });
  const report = verifyLog(readRows(db, epoch, upTo), {
    ...(origin === undefined ? {} : { origin }),
    onEvent(body, row) {
      if (!isDerived(row, body)) return 'a column says something else than the body';
      state.event(body, epoch.first + row.seq);
      const what = follower.event(body, Buffer.from(row.leaf, 'hex'));
      if (what === null) onEvent?.(body, epoch.first + row.seq);
      return what;
    },
  });
  const what =
    report.problem !== null
      ? null
      : (follower.end() ??
        (report.events === 0 ? 'there is no event' : null) ??
        (hasTree ? otherKeys(db, epoch.number, follower) : null) ??
        (upTo === Number.POSITIVE_INFINITY ? withoutNewest(epochs, epoch, follower) : null) ??
        nodes?.left() ??
        null);
  const { root } = follower.head();
  const problem = report.problem ?? (what === null ? null : { seq: report.events, what });
  return {
    found: {
      origin: origin ?? '',
      events: report.events,
      root,
      signed: follower.signed,
      checkpoint: epochs.checkpoints(epoch.number).at(-1)?.note ?? null,
      keys: follower.keys.map(({ vkey }) => vkey),
      fork: follower.fork,
      missed: follower.missed,
      problem,
    },
    rows: told({ ...report, valid: problem === null, problem }, epoch),
  };
}

/** In a file of several logs a sequence number alone is not enough. */
function told(report: LogReport, { number }: Epoch): LogReport {
  if (!report.problem || number === 1) return report;
  const { seq, what } = report.problem;
  return { ...report, problem: { seq, what: `in log ${number} of the file: ${what}` } };
}

type Values = readonly [
  row: number,
  leaf: string,
  /** The body as text: half as dear as bytes. Lossy where it is not ASCII, so that it then counts for nothing. */
  text: string,
  length: number,
  ts: number,
  type: string,
  principal: string | null,
  target: string | null,
  grant: string | null,
  lease: string | null,
];

type EvRow = LogRow & { readonly values: Values };

/** Rows that are read at once. */
const block = 1_000;

const columns = `seq, lower(hex(leaf)), CAST(body AS TEXT), length(body),
  ts_ms, type, principal, target, grant_id, lease_id`;

function* readRows(db: Database, { number, first }: Epoch, upTo: number): Iterable<EvRow> {
  const read = db
    .prepare<[number, number, number], Values>(
      `SELECT ${columns} FROM ev WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?`,
    )
    .raw();
  const readBytes = db.prepare<[number], Buffer>('SELECT body FROM ev WHERE seq = ?').pluck();
  // Also what stands before the beginning, where nothing should.
  let from = number === 1 ? Number.MIN_SAFE_INTEGER : first;
  for (;;) {
    const rows = read.all(from, upTo, block);
    for (const values of rows) {
      const [row, leaf, text, length] = values;
      const bytes = isAscii(text, length) ? text : (readBytes.get(row) ?? '');
      yield { seq: row - first, leaf, bytes, values };
    }
    if (rows.length < block) return;
    from = (rows.at(-1)?.[0] ?? from) + 1;
  }
}

/** As many characters as bytes, and none that stands for a byte that is no text. */
function isAscii(text: string, length: number): boolean {
  return text.length === length && !text.includes('\ufffd');
}

/** True when the columns beside the body, which it is found by, say what it says. */
function isDerived({ values }: EvRow, body: EventBody): boolean {
  const [, , , , ts, type, principal, target, grant, lease] = values;
  return (
    type === body.type &&
    principal === (body.principal ?? null) &&
    target === (body.target ?? null) &&
    grant === (body.grant ?? null) &&
    lease === (body.lease ?? null) &&
    ts === Date.parse(body.ts)
  );
}

/** Keys are named by events; the table only finds them. */
function otherKeys(db: Database, epoch: number, { keys }: Follower): string | null {
  const stored = db
    .prepare<[number], { size: number; vkey: string }>(
      'SELECT size, vkey FROM keys WHERE epoch = ? ORDER BY size',
    )
    .all(epoch);
  const isSame =
    stored.length === keys.length &&
    stored.every(({ size, vkey }, at) => size === keys[at]?.size && vkey === keys[at]?.vkey);
  return isSame ? null : 'the keys beside the log are not those that it names';
}

/** Of the log that is written now; also where an older one covers as many events. */
function withoutNewest(epochs: Epochs, { number }: Epoch, { keys }: Follower): string | null {
  if (keys.length === 0 || epochs.newest()?.epoch === number) return null;
  return 'its newest checkpoint is missing';
}

/** The stored subtrees, compared as the tree grows. */
function openNodes(db: Database, epoch: number) {
  const read = db
    .prepare<[number, number, number], Buffer>(
      'SELECT hash FROM nodes WHERE epoch = ? AND level = ? AND idx = ?',
    )
    .pluck();
  const count = db.prepare<[number], number>('SELECT count(*) FROM nodes WHERE epoch = ?').pluck();
  const lowest = 8;
  const what = 'a stored subtree is not that of its events';
  let compared = 0;
  return {
    compare(level: number, index: number, hash: Buffer): string | null {
      if (level < lowest) return null;
      compared += 1;
      return read.get(epoch, level, index)?.equals(hash) ? null : what;
    },
    left: (): string | null => (count.get(epoch) === compared ? null : what),
  };
}
