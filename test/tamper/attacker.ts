// What somebody can do to a log file who owns the machine. Each takes the file as it is and leaves it as wanted; a careful
// attacker makes every hash, and where there is a key every signature, anew.

import { copyFileSync, rmSync, truncateSync } from 'node:fs';
import Database from 'better-sqlite3';
import { leafHash, noLeaf } from '../../src/audit/chain.ts';
import { parseCheckpoint, signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createFrontier } from '../../src/audit/merkle.ts';
import { createSigner, type Signer } from '../../src/audit/signer.ts';
import { openStore } from '../../src/store/open.ts';
import { systemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import type { RandomLog } from './log.ts';

type Random = (most: number) => number;
type Manipulation = (file: string, log: RandomLog, upTo: Random) => void;

/** The last log of a file, its bodies as texts. */
interface Open {
  readonly db: Database.Database;
  readonly epoch: number;
  readonly first: number;
  readonly bodies: string[];
}

function opened(file: string, work: (log: Open) => void): void {
  const db = new Database(file);
  try {
    db.unsafeMode(true);
    db.pragma('ignore_check_constraints = 1');
    const { epoch, first } = db
      .prepare<[], { epoch: number; first: number }>(
        'SELECT number AS epoch, first FROM epochs ORDER BY number DESC LIMIT 1',
      )
      .get() ?? { epoch: 1, first: 0 };
    const bodies = db
      .prepare<[number], Buffer>('SELECT body FROM ev WHERE seq >= ? ORDER BY seq')
      .pluck()
      .all(first)
      .map(String);
    db.transaction(() => work({ db, epoch, first, bodies }))();
  } finally {
    db.close();
  }
}

/** Numbers of events that only tell something. */
function plain({ bodies }: Open): number[] {
  return bodies.flatMap((body, seq) => (body.includes('"type":"lease.step"') ? [seq] : []));
}

function pick<T>(values: readonly T[], upTo: Random): T {
  return values[upTo(values.length)] as T;
}

function edited(body: string): string {
  return body.replace('"step":"step ', '"step":"stop ');
}

/** Writes `bodies` as the last log, every link and hash made anew; checkpoints that no longer fit are signed anew or dropped. */
function rechain(
  { db, epoch, first }: Open,
  bodies: readonly string[],
  signersAt: ((size: number) => Signer[]) | null,
): void {
  db.prepare('DELETE FROM ev WHERE seq >= ?').run(first);
  const insert = db.prepare(
    `INSERT INTO ev (seq, leaf, body, ts_ms, type, principal, target, grant_id, lease_id)
     VALUES (?, ?, ?, ?, ?, NULL, NULL, NULL, NULL)`,
  );
  const frontier = createFrontier();
  const roots: string[] = [frontier.root().toString('hex')];
  let prev = noLeaf;
  for (const [seq, text] of bodies.entries()) {
    const body = text
      .replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`)
      .replace(/"seq":"[0-9]+"/, `"seq":"${seq}"`);
    const { ts, type } = JSON.parse(body) as { ts: string; type: string };
    prev = leafHash(Buffer.from(body));
    insert.run(first + seq, Buffer.from(prev, 'hex'), Buffer.from(body), Date.parse(ts), type);
    frontier.append(Buffer.from(prev, 'hex'));
    roots.push(frontier.root().toString('hex'));
  }
  const { length: size } = bodies;
  db.prepare('DELETE FROM checkpoints WHERE epoch = ? AND size > ?').run(epoch, size);
  if (!signersAt) return;
  const origin = (JSON.parse(bodies[0] ?? '') as { origin: string }).origin;
  const sign = (at: number): string =>
    signCheckpoint({ origin, size: at, root: roots[at] ?? '' }, signersAt(at));
  db.prepare('UPDATE newest_checkpoint SET size = ?, note = ?').run(size, sign(size));
  const kept = db
    .prepare<[number], number>('SELECT size FROM checkpoints WHERE epoch = ?')
    .pluck()
    .all(epoch);
  for (const at of kept) {
    db.prepare('UPDATE checkpoints SET note = ? WHERE epoch = ? AND size = ?').run(sign(at), epoch, at);
  }
}

/** Who signs at which size, by the events that name keys. */
function signersOf(
  bodies: readonly string[],
  signers: ReadonlyMap<string, Signer>,
): (size: number) => Signer[] {
  const named = bodies.flatMap((body, seq) => {
    const { type, data } = JSON.parse(body) as { type: string; data: { vkey?: string } };
    const signer = type === 'log.open' || type === 'key.rotate' ? signers.get(data.vkey ?? '') : undefined;
    return signer ? [{ size: seq + 1, signer }] : [];
  });
  return (size) => {
    const at = named.findLastIndex((one) => one.size <= size);
    const [before, now] = [named[at - 1], named[at]];
    return [...(before && now?.size === size ? [before.signer] : []), ...(now ? [now.signer] : [])];
  };
}

const without = (bodies: readonly string[], seq: number): string[] =>
  bodies.filter((_, index) => index !== seq);
const withEdit = (bodies: readonly string[], seq: number): string[] =>
  bodies.map((body, index) => (index === seq ? edited(body) : body));

/** What the newest checkpoint becomes when the tail is cut: the newest that still fits, or none. */
function cut(log: Open, size: number): void {
  const { db, epoch, first } = log;
  db.prepare('DELETE FROM ev WHERE seq >= ?').run(first + size);
  db.prepare('DELETE FROM keys WHERE epoch = ? AND size > ?').run(epoch, size);
  db.prepare('DELETE FROM checkpoints WHERE epoch = ? AND size > ?').run(epoch, size);
  const fits = db
    .prepare<[number], { size: number; note: string }>(
      'SELECT size, note FROM checkpoints WHERE epoch = ? ORDER BY size DESC LIMIT 1',
    )
    .get(epoch);
  if (fits) db.prepare('UPDATE newest_checkpoint SET size = ?, note = ?').run(fits.size, fits.note);
  else db.prepare('DELETE FROM newest_checkpoint').run();
}

/** Cut back so far that no key is lost with it. */
function tail(log: Open, upTo: Random): number {
  const last = log.bodies.findLastIndex((body) => !body.includes('"type":"lease.step"'));
  return last + 1 + upTo(log.bodies.length - last - 1);
}

export const manipulations: Readonly<Record<string, Manipulation>> = {
  'edit an event': (file, _log, upTo) =>
    opened(file, (log) => {
      const seq = pick(plain(log), upTo);
      log.db
        .prepare('UPDATE ev SET body = ? WHERE seq = ?')
        .run(Buffer.from(edited(log.bodies[seq] ?? '')), log.first + seq);
    }),
  'delete from the middle': (file, _log, upTo) =>
    opened(file, (log) => {
      const seq = pick(plain(log).slice(0, -1), upTo);
      log.db.prepare('DELETE FROM ev WHERE seq = ?').run(log.first + seq);
    }),
  'change the order': (file, _log, upTo) =>
    opened(file, (log) => {
      const one = log.first + pick(plain(log).slice(0, -1), upTo);
      const move = log.db.prepare('UPDATE ev SET seq = ? WHERE seq = ?');
      for (const [to, from] of [
        [-9, one],
        [one, one + 1],
        [one + 1, -9],
      ] as const)
        move.run(to, from);
    }),
  'an event twice': (file, _log, upTo) =>
    opened(file, (log) => {
      const seq = pick(plain(log), upTo);
      log.db
        .prepare(
          `INSERT INTO ev (seq, leaf, body, ts_ms, type)
           SELECT (SELECT max(seq) + 1 FROM ev), leaf, body, ts_ms, type FROM ev WHERE seq = ?`,
        )
        .run(log.first + seq);
    }),
  'cut the tail': (file, _log, upTo) => opened(file, (log) => cut(log, tail(log, upTo))),
  'restore an older file': (file, { older }) => {
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    copyFileSync(older, file);
  },
  'an empty file': (file, _log, upTo) => {
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    truncateSync(file);
    // A new log in its place is empty too, and valid in itself.
    if (upTo(2) === 0) openStore({ path: file, clock: systemClock, random: systemRandom }).close();
  },
  'edit, every hash made anew': (file, _log, upTo) =>
    opened(file, (log) => rechain(log, withEdit(log.bodies, pick(plain(log), upTo)), null)),
  'delete, every hash made anew': (file, _log, upTo) =>
    opened(file, (log) => {
      rechain(log, without(log.bodies, pick(plain(log), upTo)), null);
      log.db.prepare('DELETE FROM newest_checkpoint').run();
    }),
  'cut, and filled again to the same length': (file, _log, upTo) =>
    opened(file, (log) => {
      const size = tail(log, upTo);
      rechain(log, [...log.bodies.slice(0, size), ...log.bodies.slice(size).map(edited)], null);
    }),
  'another checkpoint in place of the newest': (file, log, upTo) =>
    opened(file, ({ db, epoch }) => {
      const other = new Database(log.older, { readonly: true });
      const found = other
        .prepare<[], { size: number; note: string }>('SELECT size, note FROM newest_checkpoint')
        .get();
      other.close();
      const newest = db
        .prepare<[], { size: number; note: string }>('SELECT size, note FROM newest_checkpoint')
        .get();
      const head = parseCheckpoint(newest?.note ?? '');
      // Of an earlier time; or of this size, by a key of the attacker's own.
      const forged =
        head &&
        signCheckpoint({ ...head, root: 'ab'.repeat(32) }, [
          createSigner(head.origin, systemRandom.bytes(32)),
        ]);
      const isOlder = upTo(2) === 0 && found !== undefined && found.size !== newest?.size;
      db.prepare('UPDATE newest_checkpoint SET epoch = ?, size = ?, note = ?').run(
        epoch,
        isOlder ? found.size : (newest?.size ?? 0),
        isOlder ? found.note : (forged ?? ''),
      );
    }),
  'edit, every hash and signature made anew with a key of the attacker': (file, { signers }, upTo) =>
    opened(file, (log) => {
      const bodies = withEdit(log.bodies, pick(plain(log), upTo));
      const own = new Map<string, Signer>();
      let text = JSON.stringify(bodies);
      for (const vkey of signers.keys()) {
        const mine = createSigner(vkey.split('+')[0] ?? '', systemRandom.bytes(32));
        if (!text.includes(vkey)) continue;
        text = text.replaceAll(vkey, mine.vkey);
        own.set(mine.vkey, mine);
        log.db.prepare('UPDATE keys SET vkey = ? WHERE vkey = ?').run(mine.vkey, vkey);
      }
      const changed = JSON.parse(text) as string[];
      rechain(log, changed, signersOf(changed, own));
    }),
  'edit, every hash and signature made anew with the stolen key': (file, { signers }, upTo) =>
    opened(file, (log) => {
      const bodies = withEdit(log.bodies, pick(plain(log), upTo));
      rechain(log, bodies, signersOf(bodies, signers));
    }),
  'cut, and the rest signed with the stolen key': (file, { signers }, upTo) =>
    opened(file, (log) => {
      const bodies = log.bodies.slice(0, tail(log, upTo));
      rechain(log, bodies, signersOf(bodies, signers));
    }),
};
