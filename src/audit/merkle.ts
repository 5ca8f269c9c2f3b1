// The Merkle tree of RFC 6962 section 2.1: right edge, proofs, their verification. Pure: where nodes are kept is the store's.

import { hash } from 'node:crypto';

/** SHA-256 of nothing: the root of an empty tree. */
export const emptyRoot: Buffer = hash('sha256', '', 'buffer');

/** Bytes of a hash. */
export const hashBytes = 32;

const pair = Buffer.alloc(1 + 2 * hashBytes, 0x01);

/** SHA-256(0x01 || left || right): the hash of a node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1);
  pair.set(right, 1 + hashBytes);
  return hash('sha256', pair, 'buffer');
}

/** The hash of the complete subtree over leaves `index * 2^level` up to `(index + 1) * 2^level`. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** A tree that only grows: its complete subtrees from left to right, one per bit of its size. */
export interface Frontier {
  readonly size: number;
  /** Adds one leaf, given by its hash. */
  append(leaf: Uint8Array): void;
  root(): Buffer;
}

/**
 * The right edge of a tree of `size` leaves, read from `node` where there are any.
 * @param onNode told every subtree above the leaves as it becomes complete
 */
export function createFrontier(
  size = 0,
  node: NodeReader = missing,
  onNode: (level: number, index: number, hash: Buffer) => void = () => undefined,
): Frontier {
  const edge: Uint8Array[] = completeSubtrees(0, size).map(({ level, index }) => node(level, index));
  let count = size;
  return {
    get size() {
      return count;
    },
    append(leaf) {
      let top: Uint8Array = leaf;
      let rest = count;
      count += 1;
      for (let level = 1; rest % 2 === 1; level += 1) {
        const made = nodeHash(edge.pop() as Uint8Array, top);
        rest = (rest - 1) / 2;
        onNode(level, rest, made);
        top = made;
      }
      edge.push(top);
    },
    root: () => fold(edge),
  };
}

function missing(level: number, index: number): never {
  throw new RangeError(`no node ${index} at level ${level}`);
}

/** MTH of neighbouring subtrees that get smaller: folded from the right. */
function fold(edge: readonly Uint8Array[]): Buffer {
  const [last, ...others] = edge.toReversed();
  if (last === undefined) return emptyRoot;
  return Buffer.from(others.reduce((right, left) => nodeHash(left, right), last));
}

/** The complete subtrees that make up leaves `from` up to `to`; `from` is aligned to the first of them. */
function completeSubtrees(from: number, to: number): { level: number; index: number }[] {
  const found: { level: number; index: number }[] = [];
  for (let at = from; at < to; ) {
    const width = largestPower(to - at);
    found.push({ level: Math.log2(width), index: at / width });
    at += width;
  }
  return found;
}

/** How many complete subtrees make up a tree of `size` leaves. */
export function edgeWidth(size: number): number {
  return completeSubtrees(0, size).length;
}

/** The largest power of two that is not larger than `count` (at least 1). */
function largestPower(count: number): number {
  let power = 1;
  while (power * 2 <= count) power *= 2;
  return power;
}

/** Where RFC 6962 splits a tree: the largest power of two below `count` (at least 2). */
function splitOf(count: number): number {
  const power = largestPower(count);
  return power === count ? power / 2 : power;
}

/** MTH of leaves `from` up to `to`. */
function rangeHash(node: NodeReader, from: number, to: number): Buffer {
  return fold(completeSubtrees(from, to).map(({ level, index }) => node(level, index)));
}

/** The root of the tree that the first `size` leaves make. */
export function rootAt(node: NodeReader, size: number): Buffer {
  return rangeHash(node, 0, size);
}

/**
 * PATH(index, D[size]) of RFC 6962 section 2.1.1: from the sibling of the leaf up to a child of the root.
 * @throws RangeError unless 0 <= index < size
 */
export function inclusionProof(node: NodeReader, index: number, size: number): Buffer[] {
  checkRange(0, index, size - 1);
  const path = (from: number, to: number): Buffer[] => {
    if (to - from === 1) return [];
    const middle = from + splitOf(to - from);
    return index < middle
      ? [...path(from, middle), rangeHash(node, middle, to)]
      : [...path(middle, to), rangeHash(node, from, middle)];
  };
  return path(0, size);
}

/**
 * PROOF(old, D[size]) of RFC 6962 section 2.1.2; empty for `old` = `size`.
 * @throws RangeError unless 1 <= old <= size
 */
export function consistencyProof(node: NodeReader, old: number, size: number): Buffer[] {
  checkRange(1, old, size);
  // `whole`: the old tree is this very subtree, whose hash the verifier knows.
  const proof = (from: number, to: number, whole: boolean): Buffer[] => {
    if (old === to) return whole ? [] : [rangeHash(node, from, to)];
    const middle = from + splitOf(to - from);
    return old <= middle
      ? [...proof(from, middle, whole), rangeHash(node, middle, to)]
      : [...proof(middle, to, false), rangeHash(node, from, middle)];
  };
  return proof(0, size, true);
}

function checkRange(least: number, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${value} is not from ${least} to ${most}`);
}

/** True when `path` leads from the leaf at `index` to the root of the tree of `size` leaves (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (![index, size].every(isCount) || index >= size || !areHashes([leaf, root, ...path])) return false;
  let at = index;
  let last = size - 1;
  let found = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      found = nodeHash(sibling, found);
      for (; !isOdd(at) && at !== 0; at /= 2) last = half(last);
    } else found = nodeHash(found, sibling);
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(found, root);
}

/** True when the tree of `old` leaves is the beginning of that of `size` leaves (RFC 9162 section 2.1.4.2). */
export function verifyConsistency(
  old: number,
  oldRoot: Uint8Array,
  size: number,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (![old, size].every(isCount) || old < 1 || old > size) return false;
  if (!areHashes([oldRoot, root, ...proof])) return false;
  if (old === size) return proof.length === 0 && same(oldRoot, root);
  // An old tree that is one complete subtree is not repeated in the proof.
  const [first, ...rest] = largestPower(old) === old ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let at = old - 1;
  let last = size - 1;
  for (; isOdd(at); at = half(at)) last = half(last);
  let before = first;
  let after = first;
  for (const step of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      before = nodeHash(step, before);
      after = nodeHash(step, after);
      for (; !isOdd(at) && at !== 0; at /= 2) last = half(last);
    } else after = nodeHash(after, step);
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(before, oldRoot) && same(after, root);
}

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const areHashes = (values: readonly Uint8Array[]): boolean =>
  values.every(({ length }) => length === hashBytes);
const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
