// What is told about access while sessions come and go: on a server that answers as told, because a login that is
// under way during the fence cannot be timed on a real one.

import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/providers/postgres/connection.ts';
import type { RevokeContext } from '../../../src/providers/postgres/context.ts';
import { kill } from '../../../src/providers/postgres/kill.ts';
import { addressOf } from '../../../src/providers/postgres/plan.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { openProvider, quickClock, requestFor, targetOn } from '../../support/postgres-target.ts';

/** Ends what is connected; each look then counts the next of `counts`, the last one for ever. */
function scene(sessions: number, counts: number[]) {
  const told: string[] = [];
  const target = targetOn({ host: 'db', port: 5432 });
  const rows = async (text: string): Promise<unknown[]> => {
    if (text.includes('count(*)')) return [{ count: counts.length > 1 ? counts.shift() : counts[0] }];
    return text.includes('5000') ? [] : Array.from({ length: sessions }, (_, pid) => ({ pid }));
  };
  const connection = { rows } as unknown as Connection;
  const context: RevokeContext = {
    server: { address: addressOf(target), use: (_how, work) => work(connection) },
    handle: openProvider(target).plan(requestFor('read')).handle,
    clock: quickClock,
    random: systemRandom,
    origin: 'jit.0000000000test00',
    signal: AbortSignal.timeout(30_000),
    report: {
      step: (name) => void told.push(name),
      accessEnded: () => void told.push('ended'),
      accessFound: () => void told.push('found'),
      finding: () => undefined,
      undisclosed: () => undefined,
    },
  };
  return { told, run: () => kill(context, 17_000, null) };
}

describe('ending sessions', () => {
  it('tells at the first empty look that access has ended, and is done at the second', async () => {
    const { told, run } = scene(0, [0]);
    await run();
    expect(told).toEqual(['ended', 'killed']);
  });

  it('takes that back when a later look finds a session, until the next empty one', async () => {
    const { told, run } = scene(0, [0, 1, 0]);
    await run();
    expect(told).toEqual(['ended', 'found', 'ended', 'killed']);
  });

  it('leaves it taken back when that session does not end', async () => {
    const { told, run } = scene(0, [0, 1]);
    await expect(run()).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    expect(told[0]).toBe('ended');
    expect(told.slice(1)).not.toContain('ended');
    expect(told.at(-1)).toBe('found');
  });

  it('takes back what an earlier attempt told when there is a session to end', async () => {
    const { told, run } = scene(1, [0]);
    await run();
    expect(told).toEqual(['found', 'ended', 'killed']);
  });
});
