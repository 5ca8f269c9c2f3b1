import { describe, expect, it } from 'vitest';
import { toJsonValue } from '../../src/cli/json.ts';
import { fakeGrant, fakeLog, fakeNow } from '../fakes/client.ts';

describe('toJsonValue', () => {
  it('writes names in snake case, times in RFC 3339 and lengths with their unit', () => {
    expect(toJsonValue({ startedAt: fakeNow, endedAt: null, maxDuration: 60_000, duration: null })).toEqual({
      schema: 1,
      started_at: '2026-11-22T12:00:00.000Z',
      ended_at: null,
      max_duration_ms: 60_000,
      duration_ms: null,
    });
  });

  it('leaves names that are not ours as they are', () => {
    expect(toJsonValue({ env: { myVar: '1', deadline: 'x' }, hardening: { coreLimit: 'zero' } })).toEqual({
      schema: 1,
      env: { myVar: '1', deadline: 'x' },
      hardening: { coreLimit: 'zero' },
    });
  });

  it('converts the times of how the log stands', () => {
    const lost = [{ origin: 'jit.x', acknowledged: 2, found: 1, foundAt: fakeNow, has: null }];
    const fork = { at: fakeNow, reason: 'r', previous: 'jit.x' };
    const told = toJsonValue(fakeLog({ lost, fork })) as Record<string, unknown>;
    expect(told).toMatchObject({
      key: { since: '2026-11-22T11:00:00.000Z' },
      fork: { at: '2026-11-22T12:00:00.000Z' },
      lost: [{ found_at: '2026-11-22T12:00:00.000Z' }],
    });
  });

  it('converts inside of lists', () => {
    const { leases } = toJsonValue(fakeGrant()) as { leases: { last_error: null; deadline: string }[] };
    expect(leases[0]).toMatchObject({ last_error: null, deadline: '2026-11-22T12:30:00.000Z' });
  });
});
