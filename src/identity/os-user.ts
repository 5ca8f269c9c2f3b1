// Who the OS says someone is. Never the environment: `$USER` is whatever the user wants it to be.

import os from 'node:os';
import { isPrincipal } from '../core/principal.ts';

/**
 * The principal that this process acts for, e.g. `user:ada`. `user:uid-1000` when the user database has no entry
 * for the uid, common in containers, or one whose name no principal can have.
 */
export function currentPrincipal(): string {
  const named = `user:${userName() ?? ''}`;
  return isPrincipal(named) ? named : `user:uid-${process.geteuid?.()}`;
}

function userName(): string | null {
  try {
    return os.userInfo().username;
  } catch {
    return null;
  }
}
