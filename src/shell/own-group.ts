// The process group of this process, which is that of the job it is part of.

import { readFileSync } from 'node:fs';

/** Its id; null outside Linux, where Node does not tell. proc_pid_stat(5), field 5 */
export function ownGroup(): number | null {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) || null;
  } catch {
    return null;
  }
}
