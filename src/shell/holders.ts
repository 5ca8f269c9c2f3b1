// Which processes were started with a grant in their environment. Linux only; elsewhere the answer is empty.

import { readdirSync, readFileSync } from 'node:fs';

/**
 * The pids of all processes, this one excepted, whose environment at exec held `JIT_GRANT_ID=<grant>`.
 * Processes of other users and those with a cleaned environment do not show.
 */
export function holdersOf(grant: string): number[] {
  return readPids().filter((pid) => pid !== process.pid && environmentNames(pid, `JIT_GRANT_ID=${grant}`));
}

function readPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function environmentNames(pid: number, entry: string): boolean {
  try {
    // latin1: one character per byte, so that no byte of a foreign encoding can hide the entry.
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry);
  } catch {
    return false;
  }
}
