// A proof that one event is in the log, in one file (c2sp.org/tlog-proof@v1). Checks with public keys and nothing else.

import { leafHash } from './chain.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { hashBytes, verifyInclusion } from './merkle.ts';
import { fromBase64, signersOf, type VerifierKey } from './note.ts';

const header = 'c2sp.org/tlog-proof@v1';

/** What a proof file holds; nothing in it is verified. */
export interface TlogProof {
  /** Here: the bytes of the event. Not signed by itself; what counts is that its hash leads to the root. */
  readonly extra: Buffer | null;
  /** Sequence number of the event. */
  readonly index: number;
  readonly path: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

/** A proof that somebody can be given, and what it is about. */
export interface EventProof {
  readonly origin: string;
  readonly seq: number;
  /** Leaf hash, hex. */
  readonly leaf: string;
  /** Events that the checkpoint in the proof covers. */
  readonly size: number;
  /** The file (c2sp.org/tlog-proof@v1); `extra` holds the event. */
  readonly proof: string;
}

/** `proof` as the text of a file. */
export function formatProof({ extra, index, path, checkpoint }: TlogProof): string {
  const lines = [
    header,
    ...(extra ? [`extra ${extra.toString('base64')}`] : []),
    `index ${index}`,
    ...path.map((hash) => Buffer.from(hash).toString('base64')),
  ];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** The proof in `text`; null when it is none. */
export function parseProof(text: string): TlogProof | null {
  const split = text.indexOf('\n\n');
  if (split < 0) return null;
  const [first, ...lines] = text.slice(0, split).split('\n');
  if (first !== header) return null;
  const extra = lines[0]?.startsWith('extra ') ? fromBase64((lines.shift() ?? '').slice(6)) : undefined;
  const [, digits] = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '') ?? [];
  const path = lines.map(fromBase64);
  const areHashes = path.every((hash) => hash?.length === hashBytes);
  if (extra === null || digits === undefined || !areHashes || path.length > 64) return null;
  return {
    extra: extra ?? null,
    index: Number(digits),
    path: path as Buffer[],
    checkpoint: text.slice(split + 2),
  };
}

/** What a proof shows, or what is wrong with it, in words. */
export type ProofResult =
  | {
      readonly valid: true;
      readonly checkpoint: Checkpoint;
      readonly key: VerifierKey;
      readonly leaf: string;
    }
  | { readonly valid: false; readonly why: string };

/** Checks that `bytes` are an event of a log whose checkpoint one of `keys` has signed. */
export function verifyProof(proof: TlogProof, bytes: Uint8Array, keys: readonly VerifierKey[]): ProofResult {
  const checkpoint = parseCheckpoint(proof.checkpoint);
  if (!checkpoint) return { valid: false, why: 'its checkpoint is malformed' };
  const trusted = keys.filter(({ name }) => name === checkpoint.origin);
  if (trusted.length === 0)
    return { valid: false, why: `it is of the log "${checkpoint.origin}", and no key given is` };
  const signed = signersOf(checkpoint.note, trusted);
  if (signed === null) return { valid: false, why: 'a signature of the checkpoint is not right' };
  const [key] = signed;
  if (!key) return { valid: false, why: 'no key given has signed the checkpoint' };
  const leaf = leafHash(bytes);
  const root = Buffer.from(checkpoint.root, 'hex');
  if (!verifyInclusion(Buffer.from(leaf, 'hex'), proof.index, checkpoint.size, proof.path, root)) {
    return { valid: false, why: 'the event is not in the tree that was signed' };
  }
  return { valid: true, checkpoint, key, leaf };
}
