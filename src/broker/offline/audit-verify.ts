// `jit audit verify`: checks a log file with nothing but the file and public keys. The broker may have it open.

import { statSync } from 'node:fs';
import { JitError } from '../../core/errors.ts';
import type { VerifyReply, VerifyRequest } from '../../protocol/offline.ts';
import { fileHeadKeeper } from '../../store/head-keeper.ts';
import { verifyFile } from '../../store/verify-file.ts';
import { resolvePaths } from '../../system/paths.ts';
import { readKnown } from './known-elsewhere.ts';

/**
 * Verifies a log file, or this user's own, which is compared with the heads that are kept of it as well.
 * @throws JitError `ERR_USAGE` for a file, a key or a head that is none
 */
export async function auditVerify(request: VerifyRequest): Promise<VerifyReply> {
  const { file, keys } = request;
  const paths = resolvePaths(process.env);
  if (file !== null && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new JitError('ERR_USAGE', `there is no log file "${file}"`, { hint: 'jit audit verify --help' });
  }
  const known = readKnown(request, 'jit audit verify --help');
  const own = file === null ? fileHeadKeeper(paths.heads).known() : [];
  const report = verifyFile(file ?? paths.database, {
    keys: known.keys,
    heads: [...own, ...known.heads],
    isForeign: file !== null,
  });
  return {
    ...report,
    trusted: keys,
    logs: report.logs.map(({ origin, events, root, signed, keys: named, fork, problem }) => ({
      origin,
      events,
      root,
      signed,
      keys: named,
      fork: fork?.reason ?? null,
      problem,
    })),
  };
}
