import { afterEach, expect, it } from 'vitest';
import {
  clientSecret,
  type GithubWorld,
  githubWorld,
  minute,
  readTwo,
  soon,
} from '../../support/github-target.ts';

let world: GithubWorld;
afterEach(() => world?.close());

const lines = async () =>
  Object.fromEntries(((await world.provider.check?.(soon())) ?? []).map((line) => [line.name, line]));

it('all is well where the App has what the roles want', async () => {
  world = await githubWorld();
  const checks = await lines();
  expect(Object.values(checks).map(({ status }) => status)).not.toContain('failed');
  expect(checks['app']?.detail).toBe('jit-tester (4711)');
  expect(checks['installation']?.detail).toContain('9000 for acme, all repositories');
  expect(checks['rate limit']?.detail).toBe('4999 of 5000 requests left this hour');
  expect(checks['seal of tokens']?.detail).toContain('keychain');
  expect(world.github.account.tokens).toEqual([]);
});

it('a role that wants more than the App has is told what is missing', async () => {
  world = await githubWorld(
    {},
    { read: readTwo, ship: { repositories: ['api'], permissions: { contents: 'write', secrets: 'read' } } },
  );
  const checks = await lines();
  expect(checks['role read']?.status).toBe('ok');
  expect(checks['role ship']).toMatchObject({ status: 'failed', detail: 'the App lacks secrets: read' });
});

it('a target that acts for people has its client secret looked at', async () => {
  const acting = { act_as: 'user', client_id: 'Iv23liTESTclient', client_secret: clientSecret };
  world = await githubWorld(acting);
  expect((await lines())['client secret']).toMatchObject({ status: 'ok' });
  expect(await world.provider.setup?.()).toContain('Enable Device Flow');
  Object.assign(world.github.account, { clientId: 'Iv23another' });
  expect((await lines())['client secret']).toMatchObject({
    status: 'failed',
    advice: expect.stringContaining('client_secret'),
  });
  await world.provider.close();
});

it('a suspended installation is told', async () => {
  world = await githubWorld();
  const [installation] = world.github.account.installations;
  if (installation) installation.suspendedAt = '2026-11-22T10:00:00Z';
  expect((await lines())['installation']).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('suspended'),
  });
});

it('an owner without the App is told', async () => {
  world = await githubWorld({ owner: 'nobody' });
  expect((await lines())['installation']?.detail).toContain('not installed');
});

it('a clock that differs is told before it is refused', async () => {
  world = await githubWorld();
  world.github.skew = 45_000;
  expect((await lines())['clock of GitHub']).toMatchObject({
    status: 'warning',
    detail: expect.stringMatching(/^4[2-6] seconds ahead of this machine$/),
  });
});

it('a wrong key, a wrong clock and a server that is down are one line that says what to do', async () => {
  world = await githubWorld();
  const { key } = world;
  world.key = 'none';
  expect(await lines()).toMatchObject({
    app: { status: 'failed', detail: expect.stringContaining('not an RSA key') },
  });
  world.key = key;
  world.github.skew = -20 * minute;
  expect((await lines())['app']?.detail).toContain('refuses the time');
  await world.close();
  const down = await lines();
  expect(Object.keys(down)).toEqual(['app']);
  expect(down['app']?.detail).toContain('ECONNREFUSED');
});

it('what an administrator is told to set up is what the roles want, and no more', async () => {
  world = await githubWorld(
    { git_url: 'https://github.com', private_key: 'file:/etc/jit/app.pem' },
    { read: readTwo, ship: { repositories: ['api'], permissions: { contents: 'write', metadata: 'read' } } },
  );
  const text = (await world.provider.setup?.()) ?? '';
  expect(text).toContain('https://github.com/organizations/acme/settings/apps/new');
  expect(text.match(/^ {5}\w+: \w+$/gm)).toEqual(['     contents: write', '     metadata: read']);
  expect(text.match(/acme\/[\w-]+$/gm)).toEqual(['acme/web-one', 'acme/web-two', 'acme/api']);
  expect(text).toContain('install -m 600 app.private-key.pem /etc/jit/app.pem');
});
