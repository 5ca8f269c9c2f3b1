import { describe, expect, it } from 'vitest';
import type { StatusReply } from '../../../src/protocol/routes.ts';
import type { LeaseView } from '../../../src/protocol/views.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeLog, fakeNow, fakeStatus } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const showing = (changes: Partial<StatusReply>, argv: string[] = []) =>
  jit(['status', ...argv], { client: createFakeClient({ status: async () => fakeStatus(changes) }) });

describe('jit status', () => {
  it('says so when nothing is active', async () => {
    expect(await showing({})).toMatchObject({ code: 0, stdout: 'no active grants\n', stderr: '' });
  });

  it('begins with a log that was set back, or is not signed, and says what to do', async () => {
    const { origin } = fakeLog();
    const known = { origin, events: 52, from: 'keychain' } as const;
    const back = await showing({ auditLog: fakeLog({ signed: false, known }) });
    expect(back.stdout).toMatch(
      /^AUDIT LOG SET BACK: .* has 41 events; the copy in the keychain knew 52: at least 11 are missing/,
    );
    expect(back.stdout).toContain('jit audit fork --reason "…"');
    const lost = { ...known, origin: `${origin}/2` };
    expect((await showing({ auditLog: fakeLog({ signed: false, known: lost }) })).stdout).toContain(
      `the copy in the keychain knew 52 of ${origin}/2`,
    );
    const trouble = {
      code: 'ERR_AUDIT_UNAVAILABLE',
      message: 'the key\u001b[2J is away',
      hint: 'unlock it',
    } as const;
    const away = (await showing({ auditLog: fakeLog({ signed: false, trouble }) })).stdout;
    expect(away).toMatch(/^AUDIT LOG NOT SIGNED: the key\S* is away\nunlock it\n/);
    expect(away).not.toContain('\u001b');
  });

  it('tells of a fork for a day', async () => {
    const fork = (age: number) => ({
      at: fakeNow - age,
      reason: 'restored',
      previous: 'jit.7h2k9d3f5g6h8j1k',
    });
    const told = (age: number) => showing({ auditLog: fakeLog({ fork: fork(age) }) });
    expect((await told(3_600_000)).stdout).toContain('goes on from jit.7h2k9d3f5g6h8j1k: "restored"');
    expect((await told(25 * 3_600_000)).stdout).toBe('no active grants\n');
  });

  it('tells what the shared store lost or does not take: for a day, and as long as it can be made good', async () => {
    const { origin } = fakeLog();
    const refused = [{ origin, events: 3 }];
    expect((await showing({ auditLog: fakeLog({ refused }) })).stdout).toMatch(
      new RegExp(`^the shared store takes no more of ${origin}, an earlier log, and lacks 3 .*jit doctor`),
    );
    const told = async (age: number, has: number | null) => {
      const lost = [{ origin, acknowledged: 41, found: 30, foundAt: fakeNow - age, has }];
      return (await showing({ auditLog: fakeLog({ lost }) })).stdout;
    };
    expect(await told(3_600_000, 41)).toMatch(
      /^SHARED STORE LOST EVENTS: .*had 30 of the 41 .*as many again/,
    );
    expect(await told(25 * 3_600_000, 41)).toBe('no active grants\n');
    expect(await told(25 * 3_600_000, null)).toBe('no active grants\n');
    expect(await told(25 * 3_600_000, 40)).toContain('it still lacks 1');
  });

  it('shows a grant with its role, how long it lasts and why it is there', async () => {
    const { stdout } = await showing({ grants: [fakeGrant({ scope: 'orders' })] });
    expect(stdout.split('\n')[1]).toMatch(
      /^g7f3k2 {2}prod-db:read {2}orders {2}\d\d:\d\d \(30m\) {2}active {2}INC-4711$/,
    );
  });

  const five = 300_000;
  const aws = (changes: Partial<LeaseView> = {}) =>
    fakeGrant({
      target: 'aws-prod',
      deadline: fakeNow + five,
      leases: [
        fakeLease({
          provider: 'aws',
          name: 'ada+l4k9p1',
          deadline: fakeNow + five,
          hardDeadline: fakeNow + 3 * five,
          ...changes,
        }),
      ],
    });

  it('says when AWS itself ends what the grant ends sooner', async () => {
    const { stdout } = await showing({ grants: [aws()] });
    expect(stdout.split('\n')[2]).toMatch(
      /^ {2}ada\+l4k9p1: ends at \d\d:05; AWS itself ends it at \d\d:15$/,
    );
    const lines = (await showing({ grants: [fakeGrant()] })).stdout.trim().split('\n');
    expect(lines).toHaveLength(2);
  });

  it('says beforehand what cannot be withdrawn, and never that it is being revoked', async () => {
    const active = (await showing({ grants: [aws({ irrevocableUntil: fakeNow + five })] })).stdout;
    expect(active).toMatch(
      /ada\+l4k9p1: cannot be withdrawn; ends at \d\d:05; AWS itself ends it at \d\d:15$/m,
    );
    const over = { state: 'revoking', irrevocableUntil: fakeNow + five } as const;
    const ending = (await showing({ grants: [{ ...aws(over), state: 'ended', endedAt: fakeNow }] })).stdout;
    expect(ending).toMatch(/ended \d\d:00:00 {2}ending {2}/);
    expect(ending).toMatch(/ada\+l4k9p1: cannot be withdrawn; ends at \d\d:05$/m);
    expect(active + ending).not.toMatch(/revok/);
  });

  it('shows why a credential is not refreshed and how long the last one works', async () => {
    const notRefreshed = {
      code: 'ERR_SECRET_UNAVAILABLE',
      message: 'the session of "prod" has expired',
    } as const;
    const { stdout } = await showing({ grants: [aws({ lastError: notRefreshed.code, notRefreshed })] });
    expect(stdout).toMatch(
      /not refreshed: the session of "prod" has expired \(ERR_SECRET_UNAVAILABLE\); what is served works until \d\d:05$/m,
    );
  });

  it('prints both ends for scripts', async () => {
    const { stdout } = await showing({ grants: [aws({ irrevocableUntil: fakeNow + five })] }, ['--json']);
    expect(JSON.parse(stdout).grants[0].leases[0]).toMatchObject({
      deadline: '2026-11-22T12:05:00.000Z',
      hard_deadline: '2026-11-22T12:15:00.000Z',
      irrevocable_until: '2026-11-22T12:05:00.000Z',
    });
  });

  it('shouts about what is overdue and says what is being done', async () => {
    const lease = fakeLease({ state: 'overdue', attempts: 7, lastError: 'ERR_TARGET_UNREACHABLE' });
    const grant = fakeGrant({ state: 'ended', deadline: fakeNow - 60_000, leases: [lease] });
    const { stdout } = await showing({ grants: [grant], overdue: 1 });
    expect(stdout).toContain(
      'OVERDUE: 1 credential should be gone and is not confirmed gone; see: jit doctor prod-db',
    );
    expect(stdout).toContain('(1m ago)  OVERDUE');
    expect(stdout).toContain(
      'jit_l4k9p1: ACCESS MAY GO ON; the broker keeps trying (attempt 7: the target cannot be reached, ERR_TARGET_UNREACHABLE)',
    );
  });

  it('says of a credential whose record is damaged that a person has to take it back', async () => {
    const lease = fakeLease({ state: 'overdue', attempts: 7, lastError: 'ERR_AUDIT_INVALID' });
    const { stdout } = await showing({ grants: [fakeGrant({ leases: [lease] })], overdue: 1 });
    expect(stdout).toContain(
      'jit_l4k9p1: ACCESS MAY GO ON; what revoking it needs is damaged, take it back by hand',
    );
    expect(stdout).not.toContain('keeps trying');
  });

  it('tells when a grant ended whose credential is overdue before its deadline', async () => {
    const grant = fakeGrant({ endedAt: fakeNow - 5_000, leases: [fakeLease({ state: 'overdue' })] });
    const { stdout } = await showing({ grants: [grant], overdue: 1 });
    expect(stdout).toMatch(/ended \d\d:\d\d:\d\d {2}OVERDUE/);
    expect(stdout).not.toContain('(30m)');
  });

  it('marks the grant of this shell, what is kept, and what lies inside of another grant', async () => {
    const grants = [fakeGrant({ id: 'gouter' }), fakeGrant({ id: 'ginner', parent: 'gouter', keep: true })];
    const client = createFakeClient({ status: async () => fakeStatus({ grants }) });
    const { stdout } = await jit(['status'], { client, env: { JIT_GRANT_ID: 'gouter' } });
    expect(stdout).toMatch(/^gouter .* active, this shell {2,}INC-4711$/m);
    expect(stdout).toMatch(/^ginner .* active, kept, inside gouter {2}INC-4711$/m);
  });

  it('tells when only the clean-up is overdue', async () => {
    const lease = fakeLease({ state: 'overdue', attempts: 2, accessEndedAt: fakeNow - 5_000 });
    const { stdout } = await showing({ grants: [fakeGrant({ leases: [lease] })], overdue: 1 });
    expect(stdout).toContain('access ended');
    expect(stdout).not.toContain('ACCESS MAY GO ON');
  });

  it('shows what was found left behind', async () => {
    const finding = {
      kind: 'security-definer',
      target: 'prod-db',
      lease: 'l4k9p1',
      where: 'orders/public.f()',
      detail: 'function',
      action: 'dropped',
      foundAt: fakeNow,
    } as const;
    const { stdout } = await showing({ recentFindings: [finding] });
    expect(stdout).toContain('prod-db orders/public.f(): security-definer, function; dropped');
  });

  it('shows the text of others without letting it act, and cuts it', async () => {
    const reason = `\u001b[2J\u202e${'x'.repeat(100)}`;
    const { stdout } = await showing({ grants: [fakeGrant({ reason })] });
    expect(stdout).toContain('\\u{1b}[2J\\u{202e}x');
    expect(stdout).not.toContain('x'.repeat(41));
    expect(stdout).not.toContain('\u001b');
  });
});
