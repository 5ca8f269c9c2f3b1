// The Unix socket: where it lies, who may reach it, and that it stays ours. Socket hygiene, server side.

import { renameSync, statSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import { ensurePrivateDirectory } from '../system/directories.ts';
import type { Paths } from '../system/paths.ts';
import { type Random, randomId } from '../system/random.ts';

/** A thousand clients at once must not see EAGAIN; Node's default of 511 fails half of them. */
const backlog = 4096;

/**
 * Listens 0600 in the 0700 run directory. Bound under a random name and renamed: closing an old server
 * unlinks what it bound, which must not be the socket of its successor.
 * @throws JitError `ERR_UNSAFE_PATH`
 */
export async function listen(server: Server, paths: Paths, random: Random): Promise<void> {
  ensurePrivateDirectory(paths.runDir);
  const temporary = path.join(path.dirname(paths.socket), `.${randomId(random, 6)}`);
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: temporary, backlog }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } finally {
    process.umask(umask);
  }
  renameSync(temporary, paths.socket);
}

/** Names the file behind the socket's path; null when there is none. */
export function socketInode(paths: Paths): number | null {
  try {
    return statSync(paths.socket).ino;
  } catch {
    return null;
  }
}

/** Removes the socket if it is still the one that was bound. */
export function removeSocket(paths: Paths, inode: number | null): void {
  try {
    if (inode !== null && socketInode(paths) === inode) unlinkSync(paths.socket);
  } catch {
    // Somebody else removed it first, which is what was wanted.
  }
}
