// `jit audit verify`: checks a log file with nothing but the file. The broker may have it open.

import { statSync } from 'node:fs';
import { JitError } from '../../core/errors.ts';
import type { VerifyReply } from '../../protocol/offline.ts';
import { verifyFile } from '../../store/verify-file.ts';
import { resolvePaths } from '../../system/paths.ts';

/** Verifies `path`, or this user's own log. @throws JitError `ERR_AUDIT_INVALID` when it is no log of jit */
export async function auditVerify(path: string | null): Promise<VerifyReply> {
  const file = path ?? resolvePaths(process.env).database;
  if (path !== null && !statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new JitError('ERR_USAGE', `there is no log file "${path}"`, { hint: 'jit audit verify --help' });
  }
  return verifyFile(file);
}
