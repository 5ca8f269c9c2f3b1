// The process group of this process, which is that of the job it is part of.

import { readFileSync } from 'node:fs';

/** Its id; null outside Linux, where Node does not tell. proc_pid_stat(5), field 5 */
export function ownGroup(): number | null {
  return fieldOf(5);
}

/**
 * Whether this job has the terminal, or had given it to one that is gone; false where nobody can tell.
 * proc_pid_stat(5), field 8
 */
export function isInFront(): boolean {
  const front = fieldOf(8);
  return front !== null && front > 0 && (front === ownGroup() || !isThere(front));
}

function isThere(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** A number of the own stat, as the manual counts them, from the third on. */
function fieldOf(field: number): number | null {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[field - 3]) || null;
  } catch {
    return null;
  }
}
