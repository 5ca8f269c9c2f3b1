// Who the OS says someone is. Never the environment: `$USER` is whatever the user wants it to be.

import os from 'node:os';
import { isPrincipal } from '../core/principal.ts';

/** The principal that this process acts for, e.g. `user:ada`. */
export function currentPrincipal(): string {
  return principalOfUid(process.geteuid?.() ?? -1);
}

/**
 * The principal of a uid that a socket's peer has. Only the uid of this process has a name here: nobody else is
 * let in, and looking others up is not needed to refuse them.
 */
export function principalOfUid(uid: number): string {
  const named = uid === process.geteuid?.() ? `user:${userName() ?? ''}` : '';
  // A uid without an entry in the user database, common in containers, or a name that principals cannot have.
  return isPrincipal(named) ? named : `user:uid-${uid}`;
}

/** Name of the user that this process runs as; null when the user database has none. */
function userName(): string | null {
  try {
    return os.userInfo().username;
  } catch {
    return null;
  }
}
