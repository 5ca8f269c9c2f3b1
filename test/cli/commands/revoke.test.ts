import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import type { RevokeReply } from '../../../src/protocol/routes.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeNow } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const revoking = { ...fakeGrant(), leases: [fakeLease({ state: 'revoking' })] };

describe('jit revoke', () => {
  it('ends the grant that is named', async () => {
    const ran = await jit(['revoke', 'g7f']);
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'g7f', all: false, cause: 'revoked' }]);
    expect(ran).toMatchObject({ code: 0, stdout: 'revoked g7f3k2 (prod-db:read)\n' });
  });

  it('ends all with --all', async () => {
    const ran = await jit(['revoke', '--all']);
    expect(ran.client.asked('revoke')).toEqual([{ grant: null, all: true, cause: 'revoked' }]);
  });

  it('means the grant around this shell when none is named', async () => {
    const ran = await jit(['revoke'], { env: { JIT_GRANT_ID: 'garound' } });
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'garound', all: false, cause: 'revoked' }]);
  });

  it('fails, but tells what was done, when a grant could not be revoked', async () => {
    const client = createFakeClient({
      revoke: async () => ({ revoked: [fakeGrant()], ending: [], overdue: [revoking] }),
    });
    const ran = await jit(['revoke', '--all'], { client });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('revoked g7f3k2');
    expect(ran.stderr).toContain(
      'could not be revoked yet; the broker keeps trying; see: jit doctor prod-db',
    );
    const json = await jit(['revoke', '--all', '--json'], { client });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout).overdue).toHaveLength(1);
  });

  it('does not call revoked what cannot be withdrawn, and fails unless nobody has it', async () => {
    const stays = fakeLease({ state: 'revoking', irrevocableUntil: fakeNow + 1_800_000 });
    const held = fakeGrant({ state: 'ended', leases: [stays] });
    const alone = fakeGrant({ state: 'ended', leases: [{ ...stays, accessEndedAt: fakeNow }] });
    const answering = (reply: Partial<RevokeReply>) =>
      createFakeClient({ revoke: async () => ({ revoked: [], ending: [], overdue: [], ...reply }) });
    const ran = await jit(['revoke', 'g7f'], { client: answering({ overdue: [held] }) });
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toMatch(/has ended; its credential cannot be withdrawn; ends at \d\d:30$/m);
    const idle = await jit(['revoke', 'g7f'], { client: answering({ ending: [alone] }) });
    expect([idle.code, idle.stderr]).toEqual([0, '']);
    expect(idle.stdout).toMatch(
      /^ended g7f3k2 \(prod-db:read\); its credential cannot be withdrawn, and nobody has it; ends at \d\d:30\n$/,
    );
    expect(ran.stderr + idle.stdout).not.toContain('revoked');
  });

  it('says so when there was nothing to revoke', async () => {
    const client = createFakeClient({ revoke: async () => ({ revoked: [], ending: [], overdue: [] }) });
    expect((await jit(['revoke', '--all'], { client })).stdout).toBe('no active grants\n');
  });

  it('passes on what the broker says about an unknown grant', async () => {
    const revoke = async () => {
      throw new JitError('ERR_UNKNOWN_NAME', '"zzz" is no grant of yours', { hint: 'jit status' });
    };
    const ran = await jit(['revoke', 'zzz'], { client: createFakeClient({ revoke }) });
    expect([ran.code, ran.stderr]).toEqual([
      2,
      'jit: error: "zzz" is no grant of yours\njit: hint: jit status\n',
    ]);
  });
});
