import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import { usualShellTerms } from '../../../src/core/shell-terms.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeNow, fakePreview } from '../../fakes/client.ts';
import { jit, jsonError } from '../harness.ts';

const secret = 'ghs_planted';
const withToken = (grant = fakeGrant({ keep: true })) =>
  createFakeClient({
    elevate: async () => ({
      ...{ grant, env: { JIT_TOKEN: secret, GIT_TERMINAL_PROMPT: '0' } },
      ...{ unset: [], secrets: ['JIT_TOKEN'], notes: [], shell: usualShellTerms },
    }),
  });

describe('jit token', () => {
  it('prints the token alone on stdout, and what was granted on stderr', async () => {
    const argv = ['token', 'prod-db:read', '--for', '10m', '--reason', 'why', '--scope', 'orders'];
    const ran = await jit(argv, { client: withToken() });
    expect(ran).toMatchObject({ code: 0, stdout: `${secret}\n` });
    expect(ran.stderr).toContain('"jit revoke g7f3k2" ends it');
    expect(ran.stderr).not.toContain(secret);
    expect(ran.client.asked('elevate')).toMatchObject([
      {
        ...{ target: 'prod-db', role: 'read', scope: 'orders', duration: 600_000, reason: 'why' },
        ...{ export: 'token', keep: true, session: null, channel: null },
      },
    ]);
  });

  it('takes the reason from JIT_REASON', async () => {
    const ran = await jit(['token', 'prod-db:read'], { client: withToken(), env: { JIT_REASON: 'nightly' } });
    expect(ran.client.asked('elevate')).toMatchObject([{ reason: 'nightly' }]);
  });

  it('prints token, end and grant with --json, and nothing on stderr', async () => {
    const ran = await jit(['token', 'prod-db:read', '--json'], { client: withToken() });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      ...{ schema: 1, token: secret, grant: { id: 'g7f3k2', keep: true } },
      expires_at: new Date(fakeNow + 1_800_000).toISOString(),
    });
    expect(ran.stderr).toBe('');
  });

  it('tells the end of the token where it is before that of the grant', async () => {
    const grant = fakeGrant({ leases: [fakeLease({ hardDeadline: fakeNow + 60_000 })] });
    const ran = await jit(['token', 'prod-db:read', '--json'], { client: withToken(grant) });
    expect(JSON.parse(ran.stdout).expires_at).toBe(new Date(fakeNow + 60_000).toISOString());
  });

  it.each([[[]], [['--json']]])(
    'asks for nothing on a terminal, unless --print says so (%j)',
    async (flags) => {
      const refused = await jit(['token', 'prod-db:read', ...flags], { client: withToken(), tty: true });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('jit token prod-db:read --print');
      expect(refused.client.calls).toEqual([]);
      const shown = await jit(['token', 'prod-db:read', '--print', ...flags], {
        client: withToken(),
        tty: true,
      });
      expect(shown.stdout).toContain(secret);
    },
  );

  it('names itself, not elevate, when something is missing', async () => {
    const client = createFakeClient({
      preview: async (wish) =>
        fakePreview({ outcome: wish.reason === null ? 'denied' : 'allowed', reasonRequired: true }),
    });
    const ran = await jit(['token', 'prod-db:read'], { client });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('hint: jit token prod-db:read --reason');
    expect(ran.client.asked('elevate')).toEqual([]);
  });

  it('says what else there is on a target without a token', async () => {
    const none = new JitError('ERR_UNSUPPORTED', 'no token', { hint: 'jit env prod-db:read' });
    const client = createFakeClient({ elevate: () => Promise.reject(none) });
    const ran = await jit(['token', 'prod-db:read', '--json'], { client });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(jsonError(ran)).toMatchObject({ code: 'ERR_UNSUPPORTED', hint: 'jit env prod-db:read' });
  });

  it('gives the grant back when a signal came meanwhile, and prints nothing', async () => {
    let signal = (_name: NodeJS.Signals): void => undefined;
    const usual = withToken();
    const client = createFakeClient({
      elevate: async (request) => {
        const reply = await usual.elevate(request);
        signal('SIGTERM');
        return reply;
      },
    });
    const onSignal = (callback: (name: NodeJS.Signals) => void) => {
      signal = callback;
      return () => undefined;
    };
    const ran = await jit(['token', 'prod-db:read'], { client, onSignal });
    expect(ran).toMatchObject({ code: 143, stdout: '' });
    expect(ran.client.asked('revoke')).toEqual([{ grant: 'g7f3k2', all: false, cause: 'session-ended' }]);
  });

  it('gives the grant back when the broker told no token', async () => {
    const ran = await jit(['token', 'prod-db:read']);
    expect(ran.code).toBe(7);
    expect(ran.client.asked('revoke')).toHaveLength(1);
  });
});
