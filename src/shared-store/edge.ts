// What an edge of the store means: where a log begins whose first events are gone, and which keys led there.

import { readBody } from '../audit/body.ts';
import { leafHash } from '../audit/chain.ts';
import type { EventData } from '../audit/event.ts';
import { type Beginning, followLog } from '../audit/follow.ts';
import { edgeWidth, hashBytes } from '../audit/merkle.ts';
import type { StoredEdge } from './reader.ts';

/** The beginning that an edge describes, believed by nobody yet; null when it is none of this log and size. */
export function beginningOf(origin: string, edge: StoredEdge): Beginning | null {
  const { size, vkey } = edge;
  const body = readBody(edge.body);
  const nodes = edge.nodes.filter((node) => node?.length === hashBytes) as Buffer[];
  const isWhole = nodes.length === edge.nodes.length && nodes.length === edgeWidth(size - 1);
  if (typeof body === 'string' || body.origin !== origin || body.seq !== String(size - 1) || !isWhole)
    return null;
  return { size, nodes, body, leaf: Buffer.from(leafHash(edge.body), 'hex'), vkey };
}

/**
 * Keys (vkey) that came before `vkey`, in order of succession, as far as can be shown: each has named the next one in an event
 * of which an edge was kept, and has signed that very tree together with it. `edges` by size.
 */
export function keysBefore(
  origin: string,
  vkey: string,
  edges: readonly StoredEdge[],
  checkpoints: readonly { readonly size: number; readonly note: string }[],
): string[] {
  const keys: string[] = [];
  for (const edge of edges.toReversed()) {
    const next: string = keys[0] ?? vkey;
    const begin = edge.vkey === next ? beginningOf(origin, edge) : null;
    if (begin?.body.type !== 'key.rotate') continue;
    const { previous } = begin.body.data as EventData['key.rotate'];
    const over = checkpoints.filter(({ size }) => size === edge.size);
    const { beginning, signed } = followLog({
      ...{ origin, begin, previous: null, known: [] },
      checkpoints: over,
    });
    if (previous === null || beginning !== null || signed !== edge.size) break;
    keys.unshift(previous);
  }
  return keys;
}
