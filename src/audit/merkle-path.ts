// The path of one leaf of a tree whose nodes nobody has stored, from the leaves one after the other. Keeps what the path needs,
// not the leaves.

import { createFrontier, inclusionProof } from './merkle.ts';

/** One leaf on its way to a root. */
export interface PathFollower {
  /** The next leaf, given by its hash. */
  append(leaf: Uint8Array): void;
  /** Once there are as many leaves as were announced: PATH(index, D[size]) of RFC 6962, and the root that it leads to. */
  result(): { readonly path: Buffer[]; readonly root: Buffer };
}

/**
 * Follows leaf `index` of a tree of `size`. The first leaf that is appended is that after those in `begin`: the complete
 * subtrees of as many leaves as it says, from left to right, at most `index` of them.
 * @throws RangeError unless 0 <= index < size
 */
export function followPath(
  index: number,
  size: number,
  begin: { readonly size: number; readonly nodes: readonly Uint8Array[] } = { size: 0, nodes: [] },
): PathFollower {
  const wanted = new Map<number, Map<number, Uint8Array>>();
  const none = Buffer.alloc(32);
  inclusionProof(
    (level, at) => {
      wanted.set(level, (wanted.get(level) ?? new Map<number, Uint8Array>()).set(at, none));
      return none;
    },
    index,
    size,
  );
  const keep = (level: number, at: number, hash: Uint8Array): void => {
    const some = wanted.get(level);
    if (some?.has(at)) some.set(at, hash);
  };
  const left = [...begin.nodes];
  const frontier = createFrontier(
    begin.size,
    (level, at) => {
      const node = left.shift() ?? none;
      keep(level, at, node);
      return node;
    },
    keep,
  );
  return {
    append(leaf) {
      keep(0, frontier.size, leaf);
      frontier.append(leaf);
    },
    result: () => ({
      path: inclusionProof((level, at) => wanted.get(level)?.get(at) ?? none, index, size),
      root: frontier.root(),
    }),
  };
}
