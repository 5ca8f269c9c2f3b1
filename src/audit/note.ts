// Signed notes (c2sp.org/signed-note): text, signatures, keys. Ed25519 alone. What a text says is checkpoint.ts.

import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { Signer } from './signer.ts';

/** The type byte of plain Ed25519 signatures; other bytes are other algorithms, which nobody here makes. */
const ed25519 = 0x01;

/** More than any checkpoint has, and at least the 16 that a verifier has to accept. */
const maxSignatures = 64;
const maxNoteLength = 100_000;

/** A public key and the name that it signs under. */
export interface VerifierKey {
  readonly name: string;
  /** Eight hex digits. */
  readonly id: string;
  /** The whole key as text. */
  readonly vkey: string;
  readonly key: KeyObject;
}

/** One line of signatures, not verified. */
export interface NoteSignature {
  readonly name: string;
  readonly id: string;
  readonly signature: Buffer;
}

/** A note taken apart; nothing in it is verified. */
export interface SignedNote {
  /** With its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

// Neither Unicode spaces nor a plus sign: both separate.
const isName = (name: string): boolean => /^[^\p{White_Space}+]+$/u.test(name) && name.isWellFormed();

function keyId(name: string, typed: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'hex').slice(0, 8);
}

/** `<name>+<key id>+<base64 of type and key>`. `publicKey`: the 32 bytes of RFC 8032. */
export function formatVkey(name: string, publicKey: Uint8Array): string {
  const typed = Buffer.concat([Buffer.from([ed25519]), publicKey]);
  return `${name}+${keyId(name, typed)}+${typed.toString('base64')}`;
}

/** The key behind `vkey`; null when it is malformed, no Ed25519 key, or its id is not its own. */
export function parseVkey(vkey: string): VerifierKey | null {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(vkey) ?? [];
  const typed = fromBase64(encoded);
  if (!isName(name) || typed?.length !== 33 || typed[0] !== ed25519 || keyId(name, typed) !== id) return null;
  const x = typed.subarray(1).toString('base64url');
  return {
    name,
    id,
    vkey,
    key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
  };
}

/** The note over `text` (which ends with a newline), one line per signer. @throws TypeError for a text that no note can hold */
export function signNote(text: string, signers: readonly Signer[]): string {
  const lines = signers.map((signer) => {
    const [name, id = ''] = signer.vkey.split('+');
    const signature = Buffer.concat([Buffer.from(id, 'hex'), signer.sign(Buffer.from(text))]);
    return `— ${name} ${signature.toString('base64')}\n`;
  });
  if (!text.endsWith('\n') || !text.isWellFormed() || hasControls(text)) {
    throw new TypeError('the text cannot be a note');
  }
  return `${text}\n${lines.join('')}`;
}

/** Takes a note apart; null when it is malformed. */
export function parseNote(note: string): SignedNote | null {
  if (note.length > maxNoteLength || !note.isWellFormed() || hasControls(note)) return null;
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return null;
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > maxSignatures) return null;
  const signatures = lines.map(parseSignature);
  if (!signatures.every((signature) => signature !== null)) return null;
  return { text: note.slice(0, split + 1), signatures };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0009\u000b-\u001f]/;
const hasControls = (text: string): boolean => controls.test(text);

function parseSignature(line: string): NoteSignature | null {
  const [, name = '', encoded = ''] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!isName(name) || bytes === null || bytes.length < 5) return null;
  return { name, id: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
}

/** Standard base64, in the one spelling that encoders make; null otherwise. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text && text !== '' ? bytes : null;
}

/**
 * Those of `keys` that have signed `note`. Signatures of other keys are ignored.
 * @returns null when one of `keys` is named by a signature that it did not make: the whole note is then worth nothing
 */
export function signersOf(note: SignedNote, keys: readonly VerifierKey[]): VerifierKey[] | null {
  const text = Buffer.from(note.text);
  const signed = new Set<VerifierKey>();
  for (const { name, id, signature } of note.signatures) {
    const named = keys.filter((key) => key.name === name && key.id === id);
    if (!named.every(({ key }) => verify(null, text, key, signature))) return null;
    for (const key of named) signed.add(key);
  }
  return [...signed];
}
