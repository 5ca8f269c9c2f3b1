// How many connections there are at a time, and who waits for whom.

import { describe, expect, it } from 'vitest';
import { enter } from '../../../src/providers/postgres/gate.ts';

const never = new AbortController().signal;

describe('the gate', () => {
  it('lets eight in and the ninth when one leaves, in order', async () => {
    const leave = await Promise.all(Array.from({ length: 8 }, () => enter('a', 'issue', never)));
    const inside: string[] = [];
    const enterAs = async (name: string) => {
      const out = await enter('a', 'issue', never);
      inside.push(name);
      return out;
    };
    const ninth = enterAs('ninth');
    const tenth = enterAs('tenth');
    await Promise.resolve();
    expect(inside).toEqual([]);
    leave[0]?.();
    leave[0]?.();
    (await ninth)();
    await tenth;
    expect(inside).toEqual(['ninth', 'tenth']);
  });

  it('keeps places for revoking, and for other servers', async () => {
    await Promise.all(Array.from({ length: 8 }, () => enter('b', 'issue', never)));
    await enter('b', 'revoke', never);
    await enter('c', 'issue', never);
    const full = enter('b', 'issue', AbortSignal.abort());
    await expect(full).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
  });

  it('forgets who gave up', async () => {
    const leave = await Promise.all(Array.from({ length: 8 }, () => enter('d', 'issue', never)));
    const gaveUp = new AbortController();
    const lost = enter('d', 'issue', gaveUp.signal);
    const next = enter('d', 'issue', never);
    gaveUp.abort();
    await expect(lost).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
    leave[0]?.();
    await expect(next).resolves.toBeTypeOf('function');
  });
});
