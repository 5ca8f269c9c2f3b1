// The Merkle tree as rows: subtrees of 256 leaves and more are kept, smaller ones hashed from their leaves.

import type { Database } from 'better-sqlite3';
import { createFrontier, type Frontier, type NodeReader, nodeHash } from '../audit/merkle.ts';
import { JitError } from '../core/errors.ts';
import type { Epoch } from './epochs.ts';

/** The lowest level that is kept: the width of a tile of C2SP tlog-tiles. */
const lowestLevel = 8;

/** The tree over the events of one epoch. */
export interface Tree {
  readonly node: NodeReader;
  /** The right edge of the first `size` events; subtrees that it completes from then on are stored. */
  frontier(size: number): Frontier;
  /** Stores the subtrees of a log of `size` events that are not there yet: those of a log that is older than its tree. */
  complete(size: number): void;
  /** True when as many of the lowest subtrees are there as `size` events have. */
  isComplete(size: number): boolean;
  /** True when the subtrees that the events after the first `from` have completed are those of their leaves. */
  isGrown(from: number, size: number): boolean;
}

/** Those of `epoch` in `db`. */
export function openTree(db: Database, { number, first }: Epoch): Tree {
  const readNode = db
    .prepare<[number, number, number], Buffer>(
      'SELECT hash FROM nodes WHERE epoch = ? AND level = ? AND idx = ?',
    )
    .pluck();
  const readLeaves = db
    .prepare<[number, number], Buffer>('SELECT leaf FROM ev WHERE seq >= ? AND seq < ? ORDER BY seq')
    .pluck();

  const leavesOf = (from: number, to: number): Uint8Array[] => {
    const found = readLeaves.all(first + from, first + to);
    return found.length === to - from ? found : missing();
  };

  const node: NodeReader = (level, index) => {
    if (level >= lowestLevel) return readNode.get(number, level, index) ?? missing();
    const leaves = 2 ** level;
    const from = index * leaves;
    let hashes = leavesOf(from, from + leaves);
    for (; hashes.length > 1; ) hashes = pairs(hashes);
    return hashes[0] as Uint8Array;
  };

  const addNode = db.readonly
    ? null
    : db.prepare('INSERT INTO nodes (epoch, level, idx, hash) VALUES (?, ?, ?, ?)');
  const frontier = (size: number): Frontier =>
    createFrontier(size, node, (level, index, hash) => {
      if (level >= lowestLevel) addNode?.run(number, level, index, hash);
    });

  const count = db
    .prepare<[number, number], number>('SELECT count(*) FROM nodes WHERE epoch = ? AND level = ?')
    .pluck();
  const width = 2 ** lowestLevel;
  const covered = (): number => (count.get(number, lowestLevel) ?? 0) * width;

  return {
    node,
    frontier,
    isComplete: (size) => covered() === Math.floor(size / width) * width,
    isGrown(from, size) {
      const grown = createFrontier(from, node);
      for (let at = from; at < size; at += width) {
        for (const leaf of leavesOf(at, Math.min(at + width, size))) grown.append(leaf);
      }
      return grown.root().equals(createFrontier(size, node).root());
    },
    complete(size) {
      const kept = covered();
      if (kept > size) missing();
      if (kept + width > size) return;
      const grown = frontier(kept);
      for (let from = kept; from + width <= size; from += width) {
        for (const leaf of leavesOf(from, from + width)) grown.append(leaf);
      }
    },
  };
}

function pairs(hashes: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let at = 0; at < hashes.length; at += 2) {
    parents.push(nodeHash(hashes[at] as Uint8Array, hashes[at + 1] as Uint8Array));
  }
  return parents;
}

function missing(): never {
  throw new JitError(
    'ERR_AUDIT_INVALID',
    'the audit log is not as jit wrote it: its tree is not that of its events',
    {
      hint: 'jit audit verify',
    },
  );
}
