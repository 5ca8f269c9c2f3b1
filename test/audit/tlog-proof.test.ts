import { expect, test } from 'vitest';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { createFrontier, inclusionProof } from '../../src/audit/merkle.ts';
import { parseVkey, type VerifierKey } from '../../src/audit/note.ts';
import { createSigner } from '../../src/audit/signer.ts';
import { formatProof, parseProof, type TlogProof, verifyProof } from '../../src/audit/tlog-proof.ts';
import { chainOf } from './log.ts';
import { samples } from './samples.ts';

const origin = 'jit.0123456789abcdef';
const signer = createSigner(origin, Buffer.alloc(32, 7));
const keyOf = (vkey: string) => parseVkey(vkey) as VerifierKey;
const rows = chainOf(samples);
const nodes = new Map<string, Buffer>();
const frontier = createFrontier(0, undefined, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
for (const { seq, leaf } of rows) {
  nodes.set(`0/${seq}`, Buffer.from(leaf, 'hex'));
  frontier.append(Buffer.from(leaf, 'hex'));
}
const head = { origin, size: rows.length, root: frontier.root().toString('hex') };
const checkpoint = signCheckpoint(head, [signer]);

function proofOf(index: number): TlogProof {
  const path = inclusionProof((level, at) => nodes.get(`${level}/${at}`) as Buffer, index, rows.length);
  return { extra: rows[index]?.bytes ?? null, index, path, checkpoint };
}

test('a proof file of every event comes back as it was written and verifies with the public key alone', () => {
  for (const { seq, bytes, leaf } of rows) {
    const proof = parseProof(formatProof(proofOf(seq)));
    expect(proof).toEqual(proofOf(seq));
    const result = verifyProof(proof as TlogProof, bytes, [keyOf(signer.vkey)]);
    expect(result).toMatchObject({ valid: true, leaf, checkpoint: { size: rows.length } });
  }
});

test('another event, place, path, root or key is refused, and the words say which', () => {
  const proof = proofOf(5);
  const { bytes } = rows[5] as (typeof rows)[number];
  const keys = [keyOf(signer.vkey)];
  const other = createSigner(origin, Buffer.alloc(32, 8));
  const foreign = createSigner('jit.another0another0', Buffer.alloc(32, 7));
  const text = formatProof(proof);
  const cases: readonly [TlogProof | null, Uint8Array, VerifierKey[], string][] = [
    [proof, rows[6]?.bytes as Buffer, keys, 'is not in the tree'],
    [{ ...proof, index: 6 }, bytes, keys, 'is not in the tree'],
    [{ ...proof, path: proof.path.slice(1) }, bytes, keys, 'is not in the tree'],
    [parseProof(text.replace(`\n${rows.length}\n`, `\n${rows.length + 1}\n`)), bytes, keys, 'is not right'],
    [proof, bytes, [keyOf(other.vkey)], 'no key given has signed'],
    [proof, bytes, [keyOf(foreign.vkey)], 'no key given is'],
    [proof, bytes, [], 'no key given is'],
    [{ ...proof, checkpoint: 'none' }, bytes, keys, 'malformed'],
  ];
  for (const [changed, event, trusted, why] of cases) {
    expect(verifyProof(changed as TlogProof, event, trusted)).toEqual({
      valid: false,
      why: expect.stringContaining(why),
    });
  }
});

test('a file without extra data is read, and what is no proof is not', () => {
  const bare = formatProof({ ...proofOf(3), extra: null });
  expect(bare.split('\n').slice(0, 2)).toEqual(['c2sp.org/tlog-proof@v1', 'index 3']);
  expect(parseProof(bare)).toEqual({ ...proofOf(3), extra: null });
  for (const bad of [
    '',
    bare.replace('@v1', '@v2'),
    bare.replace('index 3', 'index 03'),
    bare.replace('index 3', 'index'),
    bare.replace('index 3', 'extra !!\nindex 3'),
    bare.replace('index 3\n', 'index 3\nAAAA\n'),
    bare.replace('index 3\n', 'extra AAAA\nextra AAAA\nindex 3\n'),
    bare.slice(0, 60),
  ]) {
    expect(parseProof(bad)).toBeNull();
  }
});
