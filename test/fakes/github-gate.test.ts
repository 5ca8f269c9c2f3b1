// The gate itself, and the fake GitHub, against the client that everybody else uses: what jit is tested on is not made to
// fit jit.

import { createAppAuth } from '@octokit/auth-app';
import { request } from '@octokit/request';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmulatedGithub, startEmulatedGithub } from '../support/emulated-github.ts';
import { ask } from '../support/github-target.ts';
import { type FakeGithub, startFakeGithub } from './github/server.ts';
import { privateKey } from './github/state.ts';

const readme = '/repos/acme/web-one/contents/README.md';

async function tokenBy(
  baseUrl: string,
  appId: number,
  key: string,
): Promise<{ token: string; expiresAt: string }> {
  const auth = createAppAuth({ appId, privateKey: key, request: request.defaults({ baseUrl }) });
  return auth({
    type: 'installation',
    installationId: 9_000,
    repositoryNames: ['web-one'],
    permissions: { contents: 'read' },
    refresh: true,
  });
}

describe('the gate before emulate', () => {
  let github: EmulatedGithub;
  beforeAll(async () => {
    github = await startEmulatedGithub();
  });
  afterAll(() => github.close());
  const token = () => tokenBy(github.url, github.appId, github.privateKey);

  it('lets through what it saw being issued: 200, and after DELETE 401', async () => {
    const { token: one } = await token();
    expect(await ask(github.url, one, readme)).toBe(200);
    expect(await ask(github.url, one, '/installation/token', { method: 'DELETE' })).toBe(204);
    expect(await ask(github.url, one, readme)).toBe(401);
    expect(await ask(github.url, one, '/installation/token', { method: 'DELETE' })).toBe(401);
    expect(github.gate.live()).not.toContain(one);
  });

  it('ends a token at its time, and tells that time', async () => {
    github.gate.life = 60_000;
    const { token: one, expiresAt } = await token();
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(github.gate.live()).toContain(one);
    github.gate.offset += 61_000;
    expect(await ask(github.url, one, readme)).toBe(401);
    github.gate.life = 3_600_000;
  });

  it.each(['', 'ghs_unknown', 'ghp_0123456789'])(
    'refuses the token "%s", which emulate itself takes',
    async (text) => {
      expect(await ask(github.url, text, readme)).toBe(401);
      if (text !== '') expect(await ask(github.open, text, '/user')).toBe(200);
    },
  );

  it('is needed as long as emulate knows no DELETE /installation/token', async () => {
    const { token: one } = await token();
    expect(await ask(github.open, one, '/installation/token', { method: 'DELETE' })).toBe(404);
  });
});

describe('the fake GitHub with a ledger', () => {
  let github: FakeGithub;
  beforeEach(async () => {
    github = await startFakeGithub();
    github.account.install('acme');
    for (const name of ['web-one', 'api']) github.account.addRepository('acme', name);
  });
  afterEach(() => github.close());

  it('takes the JWT of the usual client and gives a token that does what it says', async () => {
    const { token } = await tokenBy(github.url, 4711, privateKey);
    expect(await ask(github.url, token, readme)).toBe(200);
    expect(await ask(github.url, token, '/repos/acme/api/contents/README.md')).toBe(404);
    expect(await ask(github.url, token, readme, { method: 'PUT', body: { content: '' } })).toBe(403);
    expect(await ask(github.url, token, '/installation/token', { method: 'DELETE' })).toBe(204);
    expect(await ask(github.url, token, readme)).toBe(401);
    expect(github.account.live()).toEqual([]);
  });

  it('takes what is left out as everything, as GitHub does', async () => {
    const auth = createAppAuth({
      appId: 4711,
      privateKey,
      request: request.defaults({ baseUrl: github.url }),
    });
    const { token } = await auth({ type: 'installation', installationId: 9_000 });
    expect(
      await ask(github.url, token, '/repos/acme/api/contents/x', { method: 'PUT', body: { content: '' } }),
    ).toBe(201);
  });

  it('ends a token after an hour', async () => {
    const { token } = await tokenBy(github.url, 4711, privateKey);
    github.advance(3_601_000);
    expect(await ask(github.url, token, readme)).toBe(401);
  });

  // Why jit does not get its tokens through auth-app: its calls for the same rights are one, and so would be two leases.
  it('shows that the usual client gives two who ask at once one token', async () => {
    const two = await Promise.all([
      tokenBy(github.url, 4711, privateKey),
      tokenBy(github.url, 4711, privateKey),
    ]);
    expect(two[0]?.token).toBe(two[1]?.token);
    expect(github.account.tokens).toHaveLength(1);
  });
});
