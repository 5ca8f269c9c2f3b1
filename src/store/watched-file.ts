// Notices that the database was unlinked or replaced while it is open: SQLite would go on writing into a
// file that nobody can find any more, and every commit would still succeed.

import { type BigIntStats, statSync } from 'node:fs';

/** What became of an open file. */
export type FileFate = 'same' | 'gone' | 'replaced';

/** Remembers which files `paths` name now; the answer tells what they name later. */
export function watchFiles(paths: readonly string[]): () => FileFate {
  const known = paths.map((path) => ({ path, was: look(path) }));
  return () => {
    for (const { path, was } of known) {
      const is = look(path);
      if (!is) return 'gone';
      if (is.ino !== was?.ino || is.dev !== was.dev) return 'replaced';
    }
    return 'same';
  };
}

function look(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
