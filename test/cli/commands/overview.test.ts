import { describe, expect, it } from 'vitest';
import type { GrantView } from '../../../src/protocol/views.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeStatus } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const showing = (grants: readonly GrantView[], env: Record<string, string> = {}) =>
  jit([], { client: createFakeClient({ status: async () => fakeStatus({ grants }) }), env });

const overdue = fakeGrant({ id: 'gover', state: 'ended', leases: [fakeLease({ state: 'overdue' })] });

describe('jit alone', () => {
  it('offers to extend and revoke what is active', async () => {
    const { stdout } = await showing([overdue, fakeGrant()]);
    expect(stdout).toContain('jit extend g7f3k2 --for 30m');
    expect(stdout).toContain('jit revoke --all');
  });

  it('offers to look at what is overdue, and never to extend it', async () => {
    const { stdout } = await showing([overdue]);
    expect(stdout).toContain('jit doctor prod-db');
    expect(stdout).toContain('jit elevate prod-db --for 30m');
    expect(stdout).not.toContain('extend');
  });

  it('offers inside of a grant to extend it or to leave', async () => {
    const { stdout } = await showing([fakeGrant()], { JIT_GRANT_ID: 'g7f3k2' });
    expect(stdout).toMatch(/jit extend --for 30m .*\n {2}exit +ends the grant/);
  });

  it('offers in a shell whose grant has ended only to leave it', async () => {
    const { stdout } = await showing([], { JIT_GRANT_ID: 'g7f3k2' });
    expect(stdout).toMatch(/exit +leaves this shell, whose grant has ended; then: jit elevate/);
    expect(stdout).not.toContain('extend');
  });
});
