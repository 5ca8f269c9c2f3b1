import { expect, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import { createFrontier, inclusionProof, rootAt } from '../../src/audit/merkle.ts';
import { followPath } from '../../src/audit/merkle-path.ts';

const most = 35;
const leaves = Array.from({ length: most }, (_, at) => Buffer.from(leafHash(`event ${at}`), 'hex'));
const nodes = new Map<string, Uint8Array>();
const made = createFrontier(0, undefined, (level, index, hash) => nodes.set(`${level}/${index}`, hash));
for (const [at, leaf] of leaves.entries()) {
  nodes.set(`0/${at}`, leaf);
  made.append(leaf);
}
const node = (level: number, index: number) => nodes.get(`${level}/${index}`) as Uint8Array;

/** The complete subtrees of the first `size` leaves, from left to right. */
function edge(size: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  createFrontier(size, (level, index) => {
    found.push(node(level, index));
    return node(level, index);
  });
  return found;
}

function follow(index: number, size: number, from: number) {
  const follower = followPath(index, size, { size: from, nodes: edge(from) });
  for (const leaf of leaves.slice(from, size)) follower.append(leaf);
  return follower.result();
}

test('the path of every leaf of every tree is the one that stored nodes give, wherever the leaves begin', () => {
  let count = 0;
  let all = 0;
  for (let size = 1; size <= most; size += 1) {
    const root = rootAt(node, size);
    for (let index = 0; index < size; index += 1) {
      const path = inclusionProof(node, index, size);
      for (const from of new Set([0, index, Math.floor(index / 2), index & -2, index & -8])) {
        const found = follow(index, size, from);
        const isSame =
          found.path.length === path.length &&
          path.every((hash, at) => hash.equals(found.path[at] as Buffer));
        if (isSame && found.root.equals(root)) count += 1;
        all += 1;
      }
    }
  }
  expect(all).toBeGreaterThan(1_500);
  expect(count).toBe(all);
});

test('a wrong edge or leaf leads to another root', () => {
  const root = rootAt(node, 34);
  const wrong = followPath(30, 34, { size: 12, nodes: [edge(12)[0] as Uint8Array, leaves[0] as Buffer] });
  for (const leaf of leaves.slice(12, 34)) wrong.append(leaf);
  expect(wrong.result().root).not.toEqual(root);
});

test('there is no leaf beyond the end', () => {
  expect(() => followPath(4, 4)).toThrow(RangeError);
});
