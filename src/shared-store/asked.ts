// What the grants of one device were asked for: most events name the grant alone, and its request may be long before.

import { readBody } from '../audit/body.ts';
import type { EventBody } from '../audit/event.ts';
import type { Asked } from '../audit/export/format.ts';
import { createMemory } from '../audit/rules/memory.ts';
import { told } from '../audit/rules/rule.ts';
import type { StoreConnection } from './connection.ts';

/** The requests of one device, read in order and looked up where the order began later. */
export interface AskedBook {
  /** The log that is read now: it goes on from those before. */
  next(origin: string): void;
  /** For each of these, in order: what its grant was asked for last, up to it. `from`: the number of the first. */
  of(from: number, bodies: readonly EventBody[]): Promise<(Asked | null)[]>;
}

/** @param origins the log that is read now, after those of the same device that it goes on from */
export function askedIn(connection: StoreConnection, origins: readonly string[]): AskedBook {
  const known = createMemory<Asked | null>();
  const logs = [...origins];

  /** The newest log first: most grants are short. */
  async function lookUp(grants: ReadonlySet<string>, from: number): Promise<Map<string, Asked | null>> {
    const found = new Map<string, Asked | null>();
    for (const [index, origin] of logs.toReversed().entries()) {
      const missing = [...grants].filter((grant) => !found.has(grant));
      if (missing.length === 0) break;
      const before = index === 0 ? from : Number.MAX_SAFE_INTEGER;
      for (const body of await findRequests(connection, origin, before, missing)) {
        const { grant = '' } = body;
        if (!found.has(grant)) found.set(grant, askedBy(body));
      }
    }
    for (const grant of grants) if (!found.has(grant)) found.set(grant, null);
    return found;
  }

  return {
    next: (origin) => void logs.push(origin),
    async of(from, bodies) {
      // Beside the memory, which forgets: what is found for these has to last as long as they do.
      const found = new Map<string, Asked | null>();
      const requested = new Set<string>();
      const unknown = new Set<string>();
      for (const { type, grant } of bodies) {
        if (grant === undefined || requested.has(grant) || found.has(grant)) continue;
        const before = known.get(grant);
        if (type === 'grant.requested') requested.add(grant);
        else if (before === undefined) unknown.add(grant);
        else found.set(grant, before);
      }
      if (unknown.size > 0) for (const [grant, asked] of await lookUp(unknown, from)) found.set(grant, asked);
      return bodies.map((body) => {
        const { grant } = body;
        if (grant === undefined) return null;
        if (body.type === 'grant.requested') found.set(grant, askedBy(body));
        const asked = found.get(grant) ?? null;
        known.set(grant, asked);
        return asked;
      });
    },
  };
}

function askedBy(body: EventBody): Asked | null {
  const request = told(body, 'grant.requested');
  return request && { role: request.role, scope: request.scope };
}

/** Requests of `grants` in a log before event `before`, the last first, so many at most as there are grants. */
async function findRequests(
  connection: StoreConnection,
  origin: string,
  before: number,
  grants: readonly string[],
): Promise<EventBody[]> {
  // Looking for the words is quick, and keeps all other events from being parsed.
  const rows = await connection.rows<{ body: Buffer }>(
    `SELECT body FROM jit.events
     WHERE origin = $1 AND seq < $2 AND position($3::bytea IN body) > 0 AND jit.said(body) ->> 'grant' = ANY ($4)
     ORDER BY seq DESC LIMIT $5`,
    [origin, before, Buffer.from('"type":"grant.requested"'), grants, grants.length],
  );
  return rows.flatMap(({ body }) => {
    const found = readBody(body);
    return typeof found === 'string' ? [] : [found];
  });
}
