// The signed head of a log (c2sp.org/tlog-checkpoint): origin, size, root. Bytes and signatures are note.ts.

import type { LogHead } from './event.ts';
import { hashBytes } from './merkle.ts';
import { fromBase64, parseNote, type SignedNote, signNote } from './note.ts';
import type { Signer } from './signer.ts';

/** A head as it was signed. */
export interface Checkpoint extends LogHead {
  readonly note: SignedNote;
}

/** The three lines that are signed. */
export function checkpointText({ origin, size, root }: LogHead): string {
  return `${origin}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\n`;
}

/** The note over `head`, signed by each of `signers`. */
export function signCheckpoint(head: LogHead, signers: readonly Signer[]): string {
  return signNote(checkpointText(head), signers);
}

/** What `note` says, not verified; null when it is no checkpoint. Extension lines are not known here, so refused. */
export function parseCheckpoint(note: string): Checkpoint | null {
  const parsed = parseNote(note);
  const [, origin = '', size = '', encoded = ''] =
    /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n$/.exec(parsed?.text ?? '') ?? [];
  const root = fromBase64(encoded);
  if (!parsed || root?.length !== hashBytes || !Number.isSafeInteger(Number(size))) return null;
  return { origin, size: Number(size), root: root.toString('hex'), note: parsed };
}
