import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { usualShellTerms } from '../../../src/core/shell-terms.ts';
import { createFakeClient, fakeGrant, fakePreview, fakeStatus } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const shell = ['--records', `--shell-pid=${process.pid}`];
const given = {
  session: expect.objectContaining({ pid: process.pid }),
  keep: false,
  onEnd: 'lock',
  parent: null,
};

describe('jit use', () => {
  it('asks for a grant that ends with the shell, and hands over records', async () => {
    const ran = await jit(['use', 'prod-db:read', ...shell]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.client.asked('elevate')).toEqual([expect.objectContaining(given)]);
    expect(ran.stdout).toMatch(/^drop\nunset PGPASSWORD\nset /);
    expect(ran.stdout).toContain('\nset PGHOST=db.example.com\n');
    expect(ran.stderr).toContain('"jit drop" ends it');
    expect(ran.client.asked('revoke')).toEqual([]);
  });

  it('is refused without the function of the shell, in an elevated shell, and for a process elsewhere', async () => {
    const plain = await jit(['use', 'prod-db:read']);
    expect(plain).toMatchObject({ code: 2, stdout: '' });
    expect(plain.stderr).toContain('jit shell-init');
    const inside = await jit(['use', 'prod-db:read', ...shell], { env: { JIT_GRANT_ID: 'g1' } });
    expect(inside).toMatchObject({ code: 1, stdout: '' });
    expect(inside.stderr).toContain('hint: jit elevate prod-db:read');
    const elsewhere = await jit(['use', 'prod-db:read', '--records', '--shell-pid=999999999']);
    expect(elsewhere).toMatchObject({ code: 2, stdout: '' });
    expect((await jit(['use', 'prod-db:read', ...shell], { tty: true })).code).toBe(2);
    for (const { client } of [plain, inside, elsewhere]) expect(client.calls).toEqual([]);
  });

  it('is refused before it is asked for where the end would do more than lock', async () => {
    const client = createFakeClient({ preview: async () => fakePreview({ onEnd: 'terminate' }) });
    const ran = await jit(['use', 'prod-db:read', ...shell], { client });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('jit elevate prod-db:read');
    expect(client.asked('elevate')).toEqual([]);
  });

  it('names itself in the hint about what is missing', async () => {
    const client = createFakeClient({
      elevate: async () => {
        throw new JitError('ERR_POLICY_DENIED', 'no', { hint: 'jit elevate prod-db:read --for 10m' });
      },
    });
    const ran = await jit(['use', 'prod-db:read', '--export', 'url', ...shell], { client });
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toContain('hint: jit use prod-db:read --for 10m --export url');
  });

  it('gives the grant back when its values or names are not for a shell', async () => {
    const elevate = async () => ({
      grant: fakeGrant(),
      env: { SECRET: 'two\nlines' },
      unset: [],
      secrets: ['SECRET'],
      notes: [],
      shell: usualShellTerms,
    });
    const ran = await jit(['use', 'prod-db:read', ...shell], { client: createFakeClient({ elevate }) });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'g7f3k2', all: false, cause: 'session-ended' }]);
  });

  it('gives the grant back when nobody reads the records, or a signal comes while they are read', async () => {
    const broken = await jit(['use', 'prod-db:read', ...shell], {
      handOver: () => {
        throw new Error('EPIPE');
      },
    });
    expect(broken).toMatchObject({ code: 125, stdout: '' });
    expect(broken.client.asked('revoke')).toHaveLength(1);
    let send = (_: NodeJS.Signals): void => undefined;
    const interrupted = await jit(['use', 'prod-db:read', ...shell], {
      onSignal: (callback) => {
        send = callback;
        return () => undefined;
      },
      handOver: () => send('SIGINT'),
    });
    expect(interrupted.code).toBe(130);
    expect(interrupted.client.asked('revoke')).toHaveLength(1);
  });
});

describe('jit drop', () => {
  const active = createFakeClient({ status: async () => fakeStatus({ grants: [fakeGrant()] }) });

  it('revokes the grant that is in use', async () => {
    const ran = await jit(['drop', '--grant=g7f3k2', ...shell], { client: active });
    expect(ran).toMatchObject({ code: 0, stdout: 'drop\n' });
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'g7f3k2', all: false, cause: 'session-ended' }]);
    expect(ran.stderr).toContain('left prod-db:read');
  });

  it('revokes nothing when the grant has ended', async () => {
    const ran = await jit(['drop', '--grant=g7f3k2', ...shell]);
    expect(ran).toMatchObject({ code: 0, stdout: 'drop\n' });
    expect(ran.client.asked('revoke')).toEqual([]);
  });

  it('says where there is nothing to drop, and how an elevated shell ends', async () => {
    expect((await jit(['drop', ...shell])).stderr).toContain('no grant is in use in this shell');
    expect((await jit(['drop'])).stderr).toContain('jit shell-init');
    const nested = await jit(['drop', ...shell], { env: { JIT_GRANT_ID: 'g1', JIT_USE: '1' } });
    expect(nested).toMatchObject({ code: 2, stdout: '' });
    expect(nested.stderr).toContain('in the shell around this one\njit: hint: exit, and then: jit drop\n');
    const inside = await jit(['drop'], { env: { JIT_GRANT_ID: 'g1' } });
    expect(inside).toMatchObject({ code: 2, stdout: '' });
    expect(inside.stderr).toContain('hint: exit');
  });
});
