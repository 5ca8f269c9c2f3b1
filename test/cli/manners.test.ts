import { describe, expect, it } from 'vitest';
import { mannersOf } from '../../src/cli/manners.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeStatus } from '../fakes/client.ts';
import { jit } from './harness.ts';

describe('mannersOf', () => {
  it.each([
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LC_CTYPE: 'UTF-8', LANG: 'C' }, true],
    [{ LC_ALL: 'C', LC_CTYPE: 'UTF-8', LANG: 'en_US.UTF-8' }, false],
    [{ LC_ALL: '', LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'de_DE.ISO-8859-1' }, false],
    [{}, false],
    [{ LANG: 'C.UTF-8', TERM: 'dumb' }, false],
    [{ LANG: 'C.UTF-8', JIT_PLAIN: '1' }, false],
  ])('reads from %j whether signs beyond ASCII can be shown: %s', (env, unicode) => {
    expect(mannersOf(env, []).unicode).toBe(unicode);
  });

  it.each([
    [{ JIT_PLAIN: '1' }, [], true],
    [{ JIT_PLAIN: '' }, [], false],
    [{ JIT_PLAIN: '0' }, [], false],
    [{}, ['status', '--plain'], true],
    [{}, ['elevate', 'x', '--', 'ls', '--plain'], false],
  ])('is plain with %j and %j: %s', (env, argv, plain) => {
    expect(mannersOf(env, argv).plain).toBe(plain);
  });

  it.each([
    [['-q'], true],
    [['elevate', '-yq'], true],
    [['--quiet'], true],
    [['elevate', '--', 'grep', '-q'], false],
    [['-quux'], false],
  ])('is quiet with %j: %s', (argv, quiet) => {
    expect(mannersOf({}, argv).quiet).toBe(quiet);
  });
});

describe('plain mode', () => {
  const grants = [
    fakeGrant({ reason: 'x'.repeat(60) }),
    fakeGrant({ id: 'gover', state: 'ended', leases: [fakeLease({ state: 'overdue' })] }),
  ];
  const client = () => createFakeClient({ status: async () => fakeStatus({ grants, overdue: 1 }) });

  it('says one thing a line, entries with an empty line between, and cuts nothing', async () => {
    const { stdout } = await jit(['status', '--plain'], { client: client() });
    const [head, first, second] = stdout.trim().split(/\n(?=grant: )/);
    expect(head).toContain('OVERDUE');
    expect(first).toMatch(
      /^grant: g7f3k2\ntarget:role: prod-db:read\nuntil: .*\nstate: active\nreason: x{60}\n$/,
    );
    expect(second).toMatch(/^grant: gover\n/);
    expect(stdout).not.toMatch(/ {2,}/);
  });

  it('is the same by JIT_PLAIN, also for jit alone', async () => {
    const byOption = await jit(['status', '--plain'], { client: client() });
    const byVariable = await jit(['status'], { client: client(), env: { JIT_PLAIN: '1' } });
    expect(byVariable.stdout).toBe(byOption.stdout);
    expect((await jit([], { client: client(), env: { JIT_PLAIN: '1' } })).stdout).toContain(
      'grant: g7f3k2\n',
    );
  });

  it.each([
    [['targets']],
    [['help']],
    [['help', 'elevate']],
    [['help', 'environment']],
    [['broker', 'status']],
  ])('has neither columns nor escape sequences nor signs beyond ASCII in %j', async (argv) => {
    const { stdout, stderr } = await jit([...argv, '--plain'], { tty: true });
    expect(stdout).toMatch(/^[\x20-\x7e\n]+$/);
    expect(stderr).not.toContain('\u001b');
    // The two blanks before a line only set it off.
    expect(stdout).not.toMatch(/\S {2,}\S/);
  });

  it('leaves --json as it is', async () => {
    const [plain, usual] = await Promise.all([
      jit(['status', '--json', '--plain']),
      jit(['status', '--json']),
    ]);
    expect(plain.stdout).toBe(usual.stdout);
  });
});

describe('--quiet', () => {
  const argv = ['elevate', 'prod-db:read', '--', 'true'];

  it('leaves out what was granted, and keeps warnings and errors', async () => {
    const usual = await jit(argv);
    expect(usual.stderr).toContain('prod-db:read');
    const quiet = await jit(['-q', ...argv]);
    expect([quiet.code, quiet.stderr]).toEqual([0, '']);
    const revoke = async () => ({
      revoked: [],
      ending: [],
      overdue: [fakeGrant({ leases: [fakeLease({ state: 'overdue' })] })],
    });
    const overdue = await jit(['-q', ...argv], { client: createFakeClient({ revoke }) });
    expect(overdue.stderr).toContain('warning: not revoked yet');
  });
});

describe('a locale without UTF-8', () => {
  it('gets three dots for one sign', async () => {
    const grants = [fakeGrant({ reason: 'x'.repeat(60) })];
    const client = createFakeClient({ status: async () => fakeStatus({ grants }) });
    const { stdout } = await jit(['status'], { client, env: { LANG: 'C' } });
    expect(stdout).toMatch(/x{39}\.\.\.$/m);
    expect((await jit(['status'], { client })).stdout).toMatch(/x{39}…$/m);
  });
});
