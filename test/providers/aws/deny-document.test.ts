// The packed policy of denied sessions: what it says, how small it stays, and what of it goes when.

import { describe, expect, it } from 'vitest';
import {
  type DeniedSession,
  inlineQuota,
  prune,
  readDenied,
  writeDenied,
} from '../../../src/providers/aws/deny-document.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 22, 12);
const lease = (index: number, endsBy = start + hour): DeniedSession => ({
  by: 'tag',
  value: `l${String(index).padStart(15, '0')}`,
  endsBy,
});

describe('the policy of denied sessions', () => {
  it('denies everything to those that it names and to nobody else', () => {
    const text = writeDenied([lease(1), { by: 'name', value: 'alice+l1', endsBy: start + hour }]) ?? '';
    const { Statement } = JSON.parse(text);
    expect(Statement.map((one: { Effect: string; Action: string }) => one.Effect + one.Action)).toEqual([
      'Deny*',
      'Deny*',
    ]);
    expect(text).toContain('"StringEquals":{"aws:PrincipalTag/jit:lease":["l000000000000001"]}');
    expect(text).toContain('"StringLike":{"aws:userid":["*:alice+l1"]}');
  });

  it('has room for 400 sessions over twelve hours', () => {
    const many = Array.from({ length: 400 }, (_, index) => lease(index, start + (index % 12) * hour));
    expect(writeDenied(many)?.length).toBeLessThan(inlineQuota);
  });

  it('reads what it wrote, never with an earlier end', () => {
    const all = [lease(1, start + 1), { by: 'name', value: 'alice+l1', endsBy: start + hour } as const];
    const read = readDenied(writeDenied(all) ?? '');
    expect(read?.denied.map(({ by, value }) => [by, value])).toEqual(
      expect.arrayContaining(all.map(({ by, value }) => [by, value])),
    );
    expect(Math.min(...(read?.denied.map((one) => one.endsBy) ?? []))).toBeGreaterThan(start);
  });

  it('lets go of sessions once they have ended for certain, and is gone without any', () => {
    const all = [lease(1, start), lease(2, start + hour)];
    expect(prune(all, start + 1).map((one) => one.value)).toHaveLength(2);
    // AWS signs off clocks that are five minutes ahead now and were five minutes behind when the session was made.
    expect(prune(all, start + 10 * 60_000)).toHaveLength(2);
    expect(prune(all, start + 11 * 60_000)).toEqual([all[1]]);
    expect(writeDenied([])).toBeNull();
  });

  it('keeps statements that somebody else put in, and knows a text that is no policy', () => {
    const foreign = { Sid: 'Mine', Effect: 'Deny', Action: 's3:*', Resource: '*' };
    const read = readDenied(JSON.stringify({ Statement: foreign }));
    expect(writeDenied(read?.denied ?? [], read?.foreign)).toContain('"Sid":"Mine"');
    expect(readDenied('no policy')).toBeNull();
  });
});
