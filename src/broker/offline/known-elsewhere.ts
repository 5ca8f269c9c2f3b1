// What commands are given that is known of logs from elsewhere: keys, and files with signed heads.

import { parseCheckpoint } from '../../audit/checkpoint.ts';
import { parseVkey } from '../../audit/note.ts';
import type { Elsewhere } from '../../audit/report/report.ts';
import { readHead as headOf, type Judged, standingsOf } from '../../audit/trust.ts';
import { JitError } from '../../core/errors.ts';
import { newestHead } from '../../store/head-keeper.ts';
import { readInput } from './read-input.ts';

/** Keys (vkey) and signed heads (notes). */
export interface Known {
  readonly keys: readonly string[];
  readonly heads: readonly string[];
}

/** @param given keys, and names of files @param help where to read on @throws JitError `ERR_USAGE` for a key or a head that is none */
export function readKnown({ keys, heads }: Known, help: string): Known {
  return { keys: keys.map(checkKey), heads: heads.map((file) => readHead(file, help)) };
}

/** @throws JitError `ERR_USAGE` when `vkey` is no key */
export function checkKey(vkey: string): string {
  if (parseVkey(vkey)) return vkey;
  throw new JitError('ERR_USAGE', `"${vkey}" is no key`, {
    hint: 'a key is one word: <log>+<eight hex digits>+<base64>; jit audit verify shows it',
  });
}

/** A signed note as a file of its own, or a copy of what the broker keeps beside its database, which has two of them. */
function readHead(file: string, help: string): string {
  const text = readInput(file, help);
  const note = parseCheckpoint(text) ? text : newestHead(Buffer.from(text));
  if (note !== undefined) return note;
  throw new JitError('ERR_USAGE', `"${file}" holds no signed head`, {
    hint: 'a head is a copy of a file in ~/.local/share/jit/heads, or the signed head of a report',
  });
}

/** What came of it, for a report: nothing where nothing was given, so that such a report is what it always was. */
export function elsewhereOf(
  { keys, heads }: Known,
  logs: readonly Judged[],
  believed: readonly string[] | null,
  missing: readonly string[] = [],
): { readonly elsewhere?: Elsewhere } {
  if (keys.length + heads.length === 0) return {};
  return { elsewhere: { keys, heads: standingsOf(heads.map(headOf), logs, believed), missing } };
}
