import { describe, expect, it } from 'vitest';
import type { TargetsReply } from '../../../src/protocol/routes.ts';
import type { GrantView } from '../../../src/protocol/views.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeLog, fakeNow, fakeStatus } from '../../fakes/client.ts';
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

  it('offers no new grant while the log issues none, but what leads on', async () => {
    const { origin } = fakeLog();
    const trouble = { code: 'ERR_AUDIT_UNAVAILABLE', message: 'the keychain is locked' } as const;
    const known = { origin, events: 52, from: 'file' } as const;
    for (const [log, next] of [
      [{ signed: false, known }, /jit audit fork --reason "…" +goes on/],
      [{ signed: false, trouble }, /^ {2}jit doctor +says how the log stands$/m],
    ] as const) {
      const client = createFakeClient({ status: async () => fakeStatus({ auditLog: fakeLog(log) }) });
      const { stdout } = await jit([], { client });
      expect(stdout).toMatch(next);
      expect(stdout).not.toContain('jit elevate');
    }
  });

  it('offers inside of a grant to extend it or to leave', async () => {
    const { stdout } = await showing([fakeGrant()], { JIT_GRANT_ID: 'g7f3k2', JIT_EXTEND: '10m' });
    expect(stdout).toMatch(/jit extend --for 10m .*\n {2}exit +ends the grant of this shell$/m);
  });

  it('does not offer to extend the grant of this shell where policy would deny that', async () => {
    const { stdout } = await showing([fakeGrant()], { JIT_GRANT_ID: 'g7f3k2' });
    expect(stdout).not.toContain('extend');
    expect(stdout).toMatch(/^ {2}exit +ends the grant/m);
  });

  it('offers in a shell whose grant has ended only to leave it', async () => {
    const { stdout } = await showing([], { JIT_GRANT_ID: 'g7f3k2' });
    expect(stdout).toMatch(/exit +leaves this shell, whose grant has ended; then: jit elevate/);
    expect(stdout).not.toContain('extend');
  });
});

describe('jit alone, after "jit use"', () => {
  const used = { JIT_GRANT_ID: 'g7f3k2', JIT_USE: '1', JIT_EXTEND: '30m' };

  it('offers to drop the grant, for to leave the shell would end what is the user’s own', async () => {
    const { stdout } = await showing([fakeGrant()], used);
    expect(stdout).toMatch(/jit extend --for 30m .*\n {2}jit drop +ends the grant in use/);
    expect(stdout).not.toMatch(/^ *exit/m);
  });

  it('offers to drop what has ended, too', async () => {
    const { stdout } = await showing([], used);
    expect(stdout).toMatch(/jit drop +gives back what the variables were before; then: jit use/);
    expect(stdout).not.toMatch(/^ *exit/m);
  });
});

describe('jit alone, when something ends soon', () => {
  // A grant of an hour is warned of 5 minutes before its end.
  const ending = (id: string, left: number) =>
    fakeGrant({ id, startedAt: fakeNow + left - 3_600_000, deadline: fakeNow + left });

  it('says so, the most urgent first, and offers to extend that one', async () => {
    const grants = [ending('glong', 1_800_000), ending('gsoon', 240_000), ending('gnow', 40_000)];
    const { stdout } = await showing(grants);
    expect(
      [...stdout.matchAll(/^ENDS SOON: .* in (\w+), grant (\w+)$/gm)].map(([, left, id]) => [left, id]),
    ).toEqual([
      ['40s', 'gnow'],
      ['4m', 'gsoon'],
    ]);
    expect(stdout).toContain('jit extend gnow --for 30m');
  });

  it('scales with the grant, as the warnings of shells do', async () => {
    const short = (left: number) =>
      fakeGrant({ startedAt: fakeNow + left - 300_000, deadline: fakeNow + left });
    expect((await showing([short(160_000)])).stdout).not.toContain('ENDS SOON');
    expect((await showing([short(140_000)])).stdout).toContain('ENDS SOON');
  });
});

describe('jit alone, with nothing active', () => {
  const role = (name: string, frecency: number, maxDuration: number | null = 3_600_000) => ({
    ...{ name, frecency, maxDuration },
    ...{ description: null, scopes: [], needsApproval: false },
  });
  const target = (name: string, roles: ReturnType<typeof role>[]): TargetsReply['targets'][number] => ({
    ...{ name, roles },
    ...{ provider: 'postgres', description: null, risk: 'low' as const, console: false },
  });
  const offered = async (...targets: TargetsReply['targets'][number][]) => {
    const { stdout } = await jit([], { client: createFakeClient({ targets: async () => ({ targets }) }) });
    return /jit elevate .*? --for \w+/.exec(stdout)?.[0];
  };

  it('offers the role that was used most, no longer than it may last', async () => {
    const first = target('a-db', [role('read', 0)]);
    const used = target('b-db', [role('read', 1), role('write', 3, 600_000), role('admin', 9, null)]);
    expect(await offered(first, used)).toBe('jit elevate b-db:write --for 10m');
  });

  it('offers the first target where nothing was used yet', async () => {
    expect(await offered(target('x-db', [role('read', 0, null)]), target('a-db', [role('read', 0)]))).toBe(
      'jit elevate a-db --for 30m',
    );
  });

  it('quotes a name that a shell would read otherwise', async () => {
    expect(await offered(target('$(reboot)', [role('read', 0)]))).toBe("jit elevate '$(reboot)' --for 30m");
  });
});

describe('jit alone, with many grants', () => {
  it('stays on one screen, with what is overdue and what ends first', async () => {
    const many = Array.from({ length: 40 }, (_, at) =>
      fakeGrant({ id: `g${at + 10}`, deadline: fakeNow + 3_600_000 - at * 1_000 }),
    );
    const { stdout } = await showing([...many, overdue]);
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
    expect(stdout).toContain('and 31 more: jit status');
    expect(stdout).toContain('gover');
    expect(stdout).toContain('g49');
    expect(stdout).not.toContain('g10 ');
  });
});
