// The Unix socket: where it lies, who may reach it, and whose it is. Socket hygiene, server side.

import { lstatSync, renameSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import { ensurePrivateDirectory, quote } from '../system/directories.ts';
import { errnoText } from '../system/errno.ts';
import type { Paths } from '../system/paths.ts';
import { type Random, randomId } from '../system/random.ts';

/** A thousand clients at once must not see EAGAIN; Node's default of 511 fails half of them. */
const backlog = 4096;

/**
 * Listens 0600 in the 0700 run directory, and takes the place of whatever lay there. Bound under a random name
 * and renamed: closing an old server unlinks what it bound, which must not be the socket of its successor.
 * @returns what {@link socketIdentity} says of it
 * @throws JitError `ERR_UNSAFE_PATH` when the directory is not private, or the system refuses; `server` then
 * does not listen
 */
export async function listen(server: Server, paths: Paths, random: Random): Promise<string | null> {
  ensurePrivateDirectory(paths.runDir);
  const temporary = path.join(path.dirname(paths.socket), `.${randomId(random, 6)}`);
  try {
    await bind(server, temporary);
    // Asked before anybody can replace it under its public name.
    const identity = socketIdentity(temporary);
    renameSync(temporary, paths.socket);
    return identity;
  } catch (thrown) {
    server.close();
    throw new JitError('ERR_UNSAFE_PATH', `cannot listen on "${paths.socket}": ${errnoText(thrown)}`, {
      hint: `see what lies there: ls -la ${quote(paths.runDir)}`,
      cause: thrown,
    });
  }
}

async function bind(server: Server, socket: string): Promise<void> {
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path: socket, backlog }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } finally {
    process.umask(umask);
  }
}

/**
 * Names what lies at `socket` itself, be it a symbolic link; null when there is nothing. While somebody listens
 * on a socket the kernel keeps its inode, so that no other file can be mistaken for it.
 */
export function socketIdentity(socket: string): string | null {
  try {
    const { dev, ino } = lstatSync(socket);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Removes the socket if it is still the one with that identity. */
export function removeSocket(socket: string, identity: string | null): void {
  try {
    if (identity !== null && socketIdentity(socket) === identity) unlinkSync(socket);
  } catch {
    // Somebody else removed it first, which is what was wanted.
  }
}
