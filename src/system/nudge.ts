// Telling a process that something is worth a look, by a signal that harms nobody. Must not: reach another process than
// the one that is meant.

import type { Session } from '../core/grant.ts';
import { isAlive } from './process-info.ts';

/**
 * Sends SIGURG to the very process of `session`. That signal is ignored by whoever has not asked for it (signal(7)), be
 * it what a shell has become by `exec` since. A process that has ended, or that is somebody else's by now, is left alone.
 * @param kill sends a signal to a pid
 */
export function nudge(session: Session, kill: (pid: number, signal: 'SIGURG') => void = process.kill): void {
  const { pid } = session;
  // Zero and less would be whole groups of processes, 1 is everybody's parent.
  if (!Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid || !isAlive(session)) return;
  try {
    kill(pid, 'SIGURG');
  } catch {
    // Gone since, or not ours to signal: it looks by itself at its next prompt.
  }
}
