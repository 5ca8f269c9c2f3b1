// The folder with the start files of one shell, and those of shells that are gone: a `jit` that was killed leaves its own.
// Must not: remove one that a living process may use, nor one that it knows nothing of.

import { appendFileSync, lstatSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '../core/grant.ts';
import { removeTree } from '../system/files.ts';
import { isAlive, sessionOf } from '../system/process-info.ts';

const prefix = 'shell-';
/** A line for the `jit`, then one for its shell: pid, a blank, start time. */
const ownerFile = 'owner';

/** One folder. */
export interface StartFolder {
  readonly path: string;
  /** The shell that reads the files has been started. */
  usedBy(pid: number): void;
  remove(): void;
}

/**
 * Makes a fresh folder (0700) in `runDir`, and removes those whose processes are gone.
 * @param owner who is going to remove it; default: this process
 * @throws Error of the system when it cannot be made
 */
export function makeStartFolder(runDir: string, owner: Session | null = sessionOf(process.pid)): StartFolder {
  sweep(runDir);
  const folder = mkdtempSync(path.join(runDir, prefix));
  note(folder, owner);
  return {
    path: folder,
    usedBy: (pid) => note(folder, sessionOf(pid)),
    remove: () => removeTree(folder),
  };
}

/** Without this line the folder is never swept: better than a shell without its files. */
function note(folder: string, session: Session | null): void {
  if (session === null) return;
  try {
    const line = `${session.pid} ${session.startTime}\n`;
    appendFileSync(path.join(folder, ownerFile), line, { mode: 0o600 });
  } catch {
    // A full disk is told where the start files are written.
  }
}

/** What is left over stops nobody; the next start tries again. */
function sweep(runDir: string): void {
  for (const name of readdirSync(runDir)) {
    const folder = path.join(runDir, name);
    if (!name.startsWith(prefix) || !isLeft(folder)) continue;
    try {
      removeTree(folder);
    } catch {
      // Nor does it stay because of another one.
    }
  }
}

/** Both are known, and neither runs: one that is killed before its shell is noted may have started it. */
function isLeft(folder: string): boolean {
  const owners = ownersOf(folder);
  return owners.length === 2 && owners.every((owner) => owner !== null && !isAlive(owner));
}

function ownersOf(folder: string): (Session | null)[] {
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.geteuid?.()) return [];
    const lines = readFileSync(path.join(folder, ownerFile), 'utf8').trimEnd().split('\n');
    return lines.map(parse);
  } catch {
    return [];
  }
}

/** A start time may hold blanks, as that of ps does. */
function parse(line: string): Session | null {
  const [, pid, startTime] = /^([1-9]\d*) (\S.*)$/.exec(line) ?? [];
  return pid && startTime ? { pid: Number(pid), startTime } : null;
}
