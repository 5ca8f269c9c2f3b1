// The provider on emulate's GitHub, which nobody wrote for jit, behind the gate that closes its holes.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { githubKind } from '../../../src/providers/github/index.ts';
import type { ProviderTools } from '../../../src/providers/provider.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { createSealer } from '../../../src/system/seal.ts';
import { type EmulatedGithub, startEmulatedGithub } from '../../support/emulated-github.ts';
import { ask, githubTarget, listen, readTwo, soon, tokenOf } from '../../support/github-target.ts';
import { createMemoryKeychain } from '../../support/keychain.ts';

let github: EmulatedGithub;
beforeAll(async () => {
  github = await startEmulatedGithub();
});
afterAll(() => github.close());

function open() {
  const origin = 'jit.0000000000test00';
  const keychain = createMemoryKeychain();
  const tools: ProviderTools = {
    clock: systemClock,
    random: systemRandom,
    origin,
    resolveSecret: async () => new Secret(github.privateKey),
    sealer: createSealer({ keychain, origin, file: '/nowhere', random: systemRandom }),
  };
  const scopes = { one: { repositories: ['web-one'] } };
  const roles = {
    read: { ...readTwo, scopes },
    write: { repositories: ['api'], permissions: { contents: 'write' } },
  };
  return {
    tools,
    provider: githubKind.open(githubTarget(github.url, { app_id: github.appId }, roles), tools),
  };
}

const wish = (changes: { role?: string; scope?: string } = {}) => ({
  lease: `l${systemRandom.bytes(6).toString('hex')}`,
  grant: 'g1',
  principal: 'user:alice',
  reason: null,
  ticket: null,
  role: 'read',
  scope: null,
  now: systemClock.now(),
  deadline: systemClock.now() + 600_000,
  ...changes,
});

const file = (name: string): string => `/repos/acme/${name}/contents/README.md`;
const write = { method: 'PUT', body: { message: 'x', content: 'eA==' } };

it('a token for two repositories and reading reads them, is refused a third and a write, and everything after revoke', async () => {
  const { provider } = open();
  const wanted = wish();
  const issued = await provider.issue(provider.plan(wanted).handle, wanted, soon());
  const token = tokenOf(issued);
  expect(await ask(github.url, token, file('web-one'))).toBe(200);
  expect(await ask(github.url, token, file('web-two'))).toBe(200);
  expect([403, 404]).toContain(await ask(github.url, token, file('api')));
  expect(await ask(github.url, token, '/repos/acme/web-one/contents/new', write)).toBe(403);
  expect(await provider.confirm(issued.handle, soon())).toBe('alive');
  await provider.revoke(issued.handle, 'revoked', listen().report, soon());
  expect(await provider.confirm(issued.handle, soon())).toBe('gone');
  for (const name of ['web-one', 'web-two', 'api'])
    expect(await ask(github.url, token, file(name))).toBe(401);
  expect(github.gate.live()).not.toContain(token);
});

it('a scope narrows it to one repository, and a role that may write writes', async () => {
  const { provider } = open();
  const [narrow, writing] = [wish({ scope: 'one' }), wish({ role: 'write' })];
  const one = await provider.issue(provider.plan(narrow).handle, narrow, soon());
  expect(await ask(github.url, tokenOf(one), file('web-one'))).toBe(200);
  expect([403, 404]).toContain(await ask(github.url, tokenOf(one), file('web-two')));
  const two = await provider.issue(provider.plan(writing).handle, writing, soon());
  expect(await ask(github.url, tokenOf(two), '/repos/acme/api/contents/new', write)).toBe(201);
});

it('a broker that died revokes by the sealed token on disk', async () => {
  const { provider, tools } = open();
  const wanted = wish();
  const issued = await provider.issue(provider.plan(wanted).handle, wanted, soon());
  const onDisk = JSON.parse(JSON.stringify(issued.handle)) as typeof issued.handle;
  expect(JSON.stringify(onDisk)).not.toContain(tokenOf(issued));
  // Tools of their own: nothing is in the memory that they name.
  const next = githubKind.openByHandle(onDisk, { ...tools });
  await next.revoke(onDisk, 'recovery', listen().report, soon());
  expect(await next.confirm(onDisk, soon())).toBe('gone');
  expect(await ask(github.url, tokenOf(issued), file('web-one'))).toBe(401);
});
