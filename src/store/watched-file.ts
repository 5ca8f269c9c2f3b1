// Notices that the database was unlinked or replaced while it is open: SQLite would go on writing into a
// file that nobody can find any more, and every commit would still succeed.

import { type BigIntStats, statSync } from 'node:fs';
import path from 'node:path';
import type { Instant } from '../core/time.ts';

/** What became of an open file. */
export type FileFate = 'same' | 'gone' | 'replaced';

/** How far back a folder's time has to lie, in milliseconds, before a second change must give another. */
const tick = 1_000;

/**
 * Remembers which files `paths` (all in one folder) name now; the answer tells what they name later. It
 * looks at every file only after something in their folder was made, renamed or removed.
 */
export function watchFiles(paths: readonly [string, ...string[]], now: () => Instant): () => FileFate {
  const folder = path.dirname(paths[0]);
  const known = paths.map((file) => ({ file, was: look(file) }));
  let quietSince: number | null = null;
  return () => {
    const changed = statSync(folder, { throwIfNoEntry: false })?.ctimeMs ?? null;
    if (changed !== null && changed === quietSince) return 'same';
    for (const { file, was } of known) {
      const is = look(file);
      if (!is) return 'gone';
      if (is.ino !== was?.ino || is.dev !== was.dev) return 'replaced';
    }
    quietSince = changed !== null && now() - changed > tick ? changed : null;
    return 'same';
  };
}

function look(file: string): BigIntStats | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false });
}
