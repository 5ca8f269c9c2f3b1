// Signed heads kept outside the database, so that a database that was set back is noticed. One small file per log.

import { closeSync, constants, openSync, readdirSync, writeSync } from 'node:fs';
import path from 'node:path';
import { parseCheckpoint } from '../audit/checkpoint.ts';
import { ensurePrivateDirectory } from '../system/directories.ts';
import { errnoOf } from '../system/errno.ts';
import { readPrivateFile, removeTree, writeFleetingFile } from '../system/files.ts';

/** Where heads are kept that the database must not be behind of. */
export interface HeadKeeper {
  /** The signed notes that are kept, one per log. */
  known(): readonly string[];
  /** Keeps `note` as the newest head of `origin`. Called after each commit, never before. */
  keep(origin: string, note: string): void;
  /** Lets go of the head of `origin`: that the log is lost has been put on record (`log.fork`). */
  settle(origin: string): void;
  /** Of one that does not keep at once: keeps what waits. */
  flush?(): void;
  /** Of the same: why the last could not be kept; null when it could. */
  readonly failure?: unknown;
}

const suffix = '.head';
const settled = '.settled';

/** Two places in a file, written in turns: whatever happens to a write, the head before it is there. */
const slotBytes = 2_048;

/**
 * Heads in `folder`, which is made when there is something to keep. They need not be on disk at once: the database is
 * always ahead of them. A file that holds no checkpoint, as after a crash of the machine, counts as none. Written in
 * place: to replace a file by another makes ext4 write it out at once, which costs as much as the commit itself.
 */
export function fileHeadKeeper(folder: string): HeadKeeper {
  const fileOf = (origin: string): string => path.join(folder, `${origin.replaceAll('/', '+')}${suffix}`);
  /** Per log: the slot to write next. */
  const turns = new Map<string, number>();

  function make(file: string, note: string): void {
    ensurePrivateDirectory(folder);
    writeFleetingFile(file, Buffer.concat([slotOf(note), slotOf('')]));
  }

  return {
    known: () =>
      list(folder)
        .filter((name) => name.endsWith(suffix))
        .flatMap((name) => newestHead(readPrivateFile(path.join(folder, name))) ?? []),
    keep(origin, note) {
      const file = fileOf(origin);
      const fd = openExisting(file);
      if (fd === null) {
        make(file, note);
        turns.set(origin, 1);
        return;
      }
      try {
        const turn = turns.get(origin) ?? olderSlot(readPrivateFile(file));
        writeSync(fd, slotOf(note), 0, slotBytes, turn * slotBytes);
        turns.set(origin, 1 - turn);
      } finally {
        closeSync(fd);
      }
    },
    settle(origin) {
      const file = fileOf(origin);
      writeFleetingFile(file + settled, readPrivateFile(file));
      // Only then: a head that is lost in between would be one that nobody can ask about.
      removeTree(file);
    },
  };
}

/** The note, filled up with newlines. @throws RangeError for a note that is longer than any of a log's */
function slotOf(note: string): Buffer {
  if (Buffer.byteLength(note) > slotBytes) throw new RangeError('a signed head is too long to be kept');
  const slot = Buffer.alloc(slotBytes, '\n');
  slot.write(note);
  return slot;
}

/** The notes of a file that are whole, with their sizes. */
function slots(file: Buffer): { slot: number; note: string; size: number }[] {
  return [0, 1].flatMap((slot) => {
    const text = file.toString('utf8', slot * slotBytes, (slot + 1) * slotBytes);
    const note = text.replace(/\n+$/, '\n');
    const head = parseCheckpoint(note);
    return head ? [{ slot, note, size: head.size }] : [];
  });
}

/** The newest note that is whole in such a file, or in a copy of one; undefined: there is none. */
export function newestHead(file: Buffer): string | undefined {
  return slots(file).toSorted((a, b) => b.size - a.size)[0]?.note;
}

function olderSlot(file: Buffer): number {
  const [found] = slots(file).toSorted((a, b) => b.size - a.size);
  return found ? 1 - found.slot : 0;
}

/** To write to; null when there is no such file. */
function openExisting(file: string): number | null {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
