import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  consistencyProof,
  createFrontier,
  emptyRoot,
  inclusionProof,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from '../../src/audit/merkle.ts';

const sha = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafOf = (text: string | Uint8Array): Buffer => sha(Buffer.from([0]), Buffer.from(text));

/** MTH as RFC 6962 section 2.1 writes it down, by recursion over the leaves. */
function definition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return leaves[0] as Buffer;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha(Buffer.from([1]), definition(leaves.slice(0, split)), definition(leaves.slice(split)));
}

/** A tree in memory: every complete subtree by level and index. */
function grow(leaves: readonly Buffer[]) {
  const nodes = new Map<string, Uint8Array>();
  const frontier = createFrontier(0, undefined, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
  for (const [index, leaf] of leaves.entries()) {
    nodes.set(`0/${index}`, leaf);
    frontier.append(leaf);
  }
  const node = (level: number, index: number): Uint8Array => {
    const found = nodes.get(`${level}/${index}`);
    if (!found) throw new Error(`node ${level}/${index} was never made`);
    return found;
  };
  return { frontier, node };
}

const most = 130;
const leaves = Array.from({ length: most }, (_, index) => leafOf(`event ${index}`));
const { node } = grow(leaves);
const roots = Array.from({ length: most + 1 }, (_, size) => definition(leaves.slice(0, size)));
const root = (size: number): Buffer => roots[size] as Buffer;
const flipped = (hash: Uint8Array, bit = 0): Buffer => {
  const changed = Buffer.from(hash);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

test('the roots of the reference implementation of RFC 6962 come out', () => {
  const inputs = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const expected = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const frontier = createFrontier();
  expect(frontier.root()).toEqual(emptyRoot);
  const found = inputs.map((input) => {
    frontier.append(leafOf(Buffer.from(input, 'hex')));
    return frontier.root().toString('hex');
  });
  expect(found).toEqual(expected);
});

test('up to 130 leaves the right edge has the root of the definition, also when it is read again', () => {
  for (let size = 0; size <= most; size += 1) {
    const { frontier } = grow(leaves.slice(0, size));
    expect(frontier.root()).toEqual(root(size));
    expect(rootAt(node, size)).toEqual(root(size));
    const again = createFrontier(size, node);
    expect([again.size, again.root()]).toEqual([size, root(size)]);
    if (size === most) continue;
    again.append(leaves[size] as Buffer);
    expect(again.root()).toEqual(root(size + 1));
  }
});

test('every inclusion proof up to 130 leaves holds, and no other leaf, place, size or root goes with it', () => {
  let proofs = 0;
  for (let size = 1; size <= most; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const leaf = leaves[index] as Buffer;
      const path = inclusionProof(node, index, size);
      const holds =
        verifyInclusion(leaf, index, size, path, root(size)) &&
        !verifyInclusion(flipped(leaf), index, size, path, root(size)) &&
        !verifyInclusion(leaf, index, size, path, flipped(root(size))) &&
        !verifyInclusion(leaf, index, size, [...path, leaf], root(size)) &&
        !(path.length > 0 && verifyInclusion(leaf, index, size, path.slice(1), root(size))) &&
        !(path.length > 0 && verifyInclusion(leaf, index, size, path.slice(0, -1), root(size))) &&
        !(size > 1 && verifyInclusion(leaf, (index + 1) % size, size, path, root(size)));
      if (!holds) expect.fail(`inclusion of ${index} in ${size}`);
      proofs += 1;
    }
  }
  expect(proofs).toBe((most * (most + 1)) / 2);
});

test('every consistency proof up to 130 leaves holds, and no other size or root goes with it', () => {
  let proofs = 0;
  for (let size = 1; size <= most; size += 1) {
    for (let old = 1; old <= size; old += 1) {
      const proof = consistencyProof(node, old, size);
      const holds =
        verifyConsistency(old, root(old), size, root(size), proof) &&
        !verifyConsistency(old, flipped(root(old)), size, root(size), proof) &&
        !verifyConsistency(old, root(old), size, flipped(root(size)), proof) &&
        !verifyConsistency(old, root(old), size, root(size), [...proof, root(1)]) &&
        !(proof.length > 0 && verifyConsistency(old, root(old), size, root(size), proof.slice(1))) &&
        !(proof.length > 0 && verifyConsistency(old, root(old), size, root(size), proof.slice(0, -1))) &&
        !(old > 1 && verifyConsistency(old - 1, root(old), size, root(size), proof));
      if (!holds) expect.fail(`consistency of ${old} with ${size}`);
      proofs += 1;
    }
  }
  expect(proofs).toBe((most * (most + 1)) / 2);
});

test('in larger trees any proof holds and any flipped bit of it is noticed', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => leafOf(`${index}`));
  const tree = grow(many);
  const sizes = fc.integer({ min: 2, max: many.length });
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), fc.nat({ max: 255 }), (size, at, position, bit) => {
      const index = at % size;
      const whole = rootAt(tree.node, size);
      expect(whole).toEqual(definition(many.slice(0, size)));
      const path = inclusionProof(tree.node, index, size);
      expect(verifyInclusion(many[index] as Buffer, index, size, path, whole)).toBe(true);
      const broken = path.map((hash, step) => (step === position % path.length ? flipped(hash, bit) : hash));
      expect(verifyInclusion(many[index] as Buffer, index, size, broken, whole)).toBe(false);

      const old = index + 1;
      const before = rootAt(tree.node, old);
      const proof = consistencyProof(tree.node, old, size);
      expect(verifyConsistency(old, before, size, whole, proof)).toBe(true);
      if (proof.length === 0) return;
      const bent = proof.map((hash, step) => (step === position % proof.length ? flipped(hash, bit) : hash));
      expect(verifyConsistency(old, before, size, whole, bent)).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test('what is no proof is refused without an exception; what cannot be proven is a mistake of the caller', () => {
  const leaf = leaves[0] as Buffer;
  for (const [index, size] of [
    [1, 1],
    [-1, 1],
    [0, 0],
    [0.5, 1],
    [Number.NaN, 1],
    [2 ** 53, 2 ** 53 + 2],
  ] as const) {
    expect(verifyInclusion(leaf, index, size, [], leaf)).toBe(false);
    expect(() => inclusionProof(node, index, size)).toThrow(RangeError);
  }
  expect(verifyInclusion(leaf, 0, 1, [], leaf.subarray(1))).toBe(false);
  expect(verifyInclusion(leaf, 0, 2, [leaf.subarray(1)], leaf)).toBe(false);
  for (const [old, size] of [
    [0, 1],
    [2, 1],
    [-1, 1],
    [1.5, 2],
  ] as const) {
    expect(verifyConsistency(old, leaf, size, leaf, [])).toBe(false);
    expect(() => consistencyProof(node, old, size)).toThrow(RangeError);
  }
});
