// How far a log is as it was written, whatever else is wrong with the file: each row its hash, and the link to the one before.
// Looks at nothing else; the rest is verification's.

import type { Database } from 'better-sqlite3';
import { leafHash, noLeaf } from '../audit/chain.ts';
import type { LogHead } from '../audit/event.ts';
import { createFrontier } from '../audit/merkle.ts';

/** The beginning of a log, as far as every event is as it was written. */
export interface Sound {
  readonly head: LogHead;
  /** Hex, by size. */
  readonly roots: ReadonlyMap<number, string>;
}

/** One log of the file. */
export interface SoundParts {
  readonly origin: string;
  /** The row of its first event. */
  readonly first: number;
  /** The row where the next log begins; left out for the last. */
  readonly upTo?: number;
  /** Where to note the root. */
  readonly sizes?: readonly number[];
}

/** The events before the first that is not as it was written; reads all of the log. */
export function soundBeginning(db: Database, { origin, first, upTo, sizes = [] }: SoundParts): Sound {
  const rows = db
    .prepare<[number, number], { seq: number; leaf: Buffer; body: Buffer }>(
      'SELECT seq, leaf, body FROM ev WHERE seq >= ? AND seq < ? ORDER BY seq',
    )
    .iterate(first, upTo ?? Number.POSITIVE_INFINITY);
  const wanted = new Set(sizes);
  const grown = createFrontier();
  const root = (): string => grown.root().toString('hex');
  const roots = new Map(wanted.has(0) ? [[0, root()]] : []);
  let prev = noLeaf;
  // What was hashed was valid when it was written: to look at that again would keep revocations waiting.
  for (const { seq, leaf, body } of rows) {
    const hash = leafHash(body);
    if (seq !== first + grown.size || hash !== leaf.toString('hex')) break;
    if (!body.includes(`"prev":"${prev}"`)) break;
    grown.append(leaf);
    prev = hash;
    if (wanted.has(grown.size)) roots.set(grown.size, root());
  }
  return { head: { origin, size: grown.size, root: root() }, roots };
}
