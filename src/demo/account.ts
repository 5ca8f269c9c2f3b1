// Which operating-system account a PostgreSQL server may run as: never root. Must not: create accounts.

import { readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { JitError } from '../core/errors.ts';

/** An account to run as; null: the one that runs this process. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root, so root runs it as `postgres` where that account exists, else as `nobody`.
 * @throws JitError `ERR_UNSUPPORTED` when root finds neither.
 */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts.find((line) => line.startsWith(`${name}:`))?.split(':');
    const uid = Number(fields?.[2]);
    // macOS gives nobody the uid -2, which no process can take.
    if (fields && uid > 0) return { uid, gid: Number(fields[3]) };
  }
  throw new JitError(
    'ERR_UNSUPPORTED',
    'PostgreSQL does not run as root and there is no account "postgres" or "nobody"',
  );
}

/** True when `account` may pass through every folder above `file`. */
export function canReach(account: Account | null, file: string): boolean {
  if (account === null) return true;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

/** A folder for temporary things that `account` can reach and whose name leaves room for a socket path. */
export function temporaryRoot(account: Account | null): string {
  const roots = [os.tmpdir(), '/tmp', '/var/tmp'];
  return roots.find((root) => root.length <= 60 && canReach(account, path.join(root, 'x'))) ?? os.tmpdir();
}
