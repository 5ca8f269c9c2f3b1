// `jit audit verify`: checks a log file with nothing but the file and public keys. The broker may have it open.

import { statSync } from 'node:fs';
import { parseCheckpoint } from '../../audit/checkpoint.ts';
import { parseVkey } from '../../audit/note.ts';
import { JitError } from '../../core/errors.ts';
import type { VerifyReply, VerifyRequest } from '../../protocol/offline.ts';
import { fileHeadKeeper, newestHead } from '../../store/head-keeper.ts';
import { verifyFile } from '../../store/verify-file.ts';
import { resolvePaths } from '../../system/paths.ts';
import { readInput } from './read-input.ts';

/**
 * Verifies a log file, or this user's own, which is compared with the heads that are kept of it as well.
 * @throws JitError `ERR_USAGE` for a file, a key or a head that is none
 */
export async function auditVerify({ file, keys, heads }: VerifyRequest): Promise<VerifyReply> {
  const paths = resolvePaths(process.env);
  if (file !== null && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new JitError('ERR_USAGE', `there is no log file "${file}"`, { hint: 'jit audit verify --help' });
  }
  const given = heads.map(readHead);
  const own = file === null ? fileHeadKeeper(paths.heads).known() : [];
  const report = verifyFile(file ?? paths.database, {
    keys: keys.map(checkKey),
    heads: [...own, ...given],
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

/** @throws JitError `ERR_USAGE` when `vkey` is no key */
export function checkKey(vkey: string): string {
  if (parseVkey(vkey)) return vkey;
  throw new JitError('ERR_USAGE', `"${vkey}" is no key`, {
    hint: 'a key is one word: <log>+<eight hex digits>+<base64>; jit audit verify shows it',
  });
}

/** A signed note as a file of its own, or a copy of what the broker keeps beside its database, which has two of them. */
export function readHead(file: string): string {
  const text = readInput(file, 'jit audit verify --help');
  const note = parseCheckpoint(text) ? text : newestHead(Buffer.from(text));
  if (note !== undefined) return note;
  throw new JitError('ERR_USAGE', `"${file}" holds no signed head`, {
    hint: 'a head is a copy of a file in ~/.local/share/jit/heads, or the signed head of a report',
  });
}
