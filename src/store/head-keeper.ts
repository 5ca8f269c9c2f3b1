// Signed heads kept outside the database, so that a database that was set back is noticed. One small file per log.

import { readdirSync } from 'node:fs';
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
}

const suffix = '.head';
const settled = '.settled';

/**
 * Heads in `folder`, which is made when there is something to keep. They need not be on disk at once: the database is
 * always ahead of them. A file that holds no checkpoint, as after a crash of the machine, counts as none.
 */
export function fileHeadKeeper(folder: string): HeadKeeper {
  const fileOf = (origin: string): string => path.join(folder, `${origin.replaceAll('/', '+')}${suffix}`);
  let isMade = false;
  return {
    known: () =>
      list(folder)
        .filter((name) => name.endsWith(suffix))
        .map((name) => readPrivateFile(path.join(folder, name)).toString('utf8'))
        .filter((note) => parseCheckpoint(note) !== null),
    keep(origin, note) {
      if (!isMade) ensurePrivateDirectory(folder);
      isMade = true;
      writeFleetingFile(fileOf(origin), note);
    },
    settle(origin) {
      const file = fileOf(origin);
      writeFleetingFile(file + settled, readPrivateFile(file));
      // Only then: a head that is lost in between would be one that nobody can ask about.
      removeTree(file);
    },
  };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
