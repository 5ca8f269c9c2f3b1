import { afterEach, describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/core/errors.ts';
import { githubKind } from '../../../src/providers/github/index.ts';
import {
  type GithubWorld,
  githubTarget,
  githubWorld,
  listen,
  minute,
  readTwo,
  soon,
  tokenOf,
} from '../../support/github-target.ts';

let world: GithubWorld;
afterEach(() => world?.close());

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('a token of GitHub', () => {
  it('reads the two repositories of its role, and nothing else', async () => {
    world = await githubWorld();
    const issued = await world.issue();
    const token = tokenOf(issued);
    expect(await world.fetch(token, '/repos/acme/web-one/contents/README.md')).toBe(200);
    expect(await world.fetch(token, '/repos/acme/web-two/contents/README.md')).toBe(200);
    expect(await world.fetch(token, '/repos/acme/api/contents/README.md')).toBe(404);
    const write = { method: 'PUT', body: { content: 'eA==' } };
    expect(await world.fetch(token, '/repos/acme/web-one/contents/x', write)).toBe(403);
  });

  it('is refused everything after it was revoked, and GitHub was seen to refuse it', async () => {
    world = await githubWorld();
    const issued = await world.issue();
    const token = tokenOf(issued);
    const told = listen();
    expect(await world.provider.confirm(issued.handle, soon())).toBe('alive');
    await world.provider.revoke(issued.handle, 'revoked', told.report, soon());
    expect(await world.provider.confirm(issued.handle, soon())).toBe('gone');
    expect(told.ended).toBe(true);
    expect(await world.fetch(token, '/repos/acme/web-one/contents/README.md')).toBe(401);
    expect(world.github.account.live()).toEqual([]);
  });

  it('is asked for with exactly the repositories and permissions of the role', async () => {
    world = await githubWorld();
    await world.issue();
    const asked = world.github.calls.find(({ on }) => on === 'POST access_tokens');
    expect(asked?.body).toEqual({ repositories: ['web-one', 'web-two'], permissions: { contents: 'read' } });
  });

  it.each(['old', 'new'] as const)('may have any form: %s', async (format) => {
    world = await githubWorld();
    world.github.account.format = format;
    const token = tokenOf(await world.issue());
    expect(token.length > 400).toBe(format === 'new');
    expect(await world.fetch(token, '/repos/acme/web-one/contents/README.md')).toBe(200);
  });

  it('is described by its hash as GitHub logs it, never by itself', async () => {
    world = await githubWorld();
    const issued = await world.issue();
    const { name, facts } = world.provider.describe(issued.handle);
    const { createHash } = await import('node:crypto');
    expect(facts).toMatchObject({
      app: '4711',
      owner: 'acme',
      installation: 9_000,
      repositories: 2,
      permissions: 'contents:read',
      token_sha256: [createHash('sha256').update(tokenOf(issued)).digest('base64')],
    });
    expect(name).toContain(issued.handle.lease);
    const shown = JSON.stringify([facts, issued.handle, issued.handOut]);
    expect(shown).not.toContain(tokenOf(issued));
    expect(JSON.stringify(world.provider.spent?.(issued.handle))).not.toContain(
      issued.handle.tokens[0]?.sealed,
    );
  });

  it('of a user is found by its owner too', async () => {
    world = await githubWorld({ owner: 'ada' });
    world.github.account.install('ada', { type: 'User' });
    for (const name of readTwo.repositories) world.github.account.addRepository('ada', name);
    expect((await world.issue()).handle.installation).toBe(9_001);
    await world.issue();
    expect(world.github.count('GET installation')).toBe(2);
  });

  it('of a server of one’s own comes from below its path', async () => {
    world = await githubWorld();
    const { url } = world.github;
    const target = githubTarget(`${url}/api/v3`);
    const provider = githubKind.open(target, world.tools);
    const wanted = world.request();
    const issued = await provider.issue(provider.plan(wanted).handle, wanted, soon());
    expect(issued.handle.access.git_url).toBe(url);
    await provider.revoke(issued.handle, 'revoked', listen().report, soon());
    expect(await provider.confirm(issued.handle, soon())).toBe('gone');
  });

  it('of a named installation needs no look for it', async () => {
    world = await githubWorld({ installation_id: 9_000, app_id: 'Iv23liTESTclient' });
    expect((await world.issue()).handle.installation).toBe(9_000);
    expect(world.github.count('GET installation')).toBe(0);
  });
});

describe('repositories by pattern', () => {
  const webs = { read: { repositories: ['web-*'], permissions: { contents: 'read' } } };

  it('are those that match among all pages, and the token that lists them is dead afterwards', async () => {
    world = await githubWorld({}, webs);
    for (let count = 0; count < 250; count += 1) world.github.account.addRepository('acme', `other-${count}`);
    world.github.account.addRepository('acme', 'WEB-last');
    world.github.account.addRepository('elsewhere', 'web-three');
    const issued = await world.issue();
    expect(issued.handle.repositories).toBe(3);
    expect(world.github.count('GET repositories')).toBe(3);
    const [listing, token] = world.github.account.tokens;
    expect(listing).toMatchObject({ permissions: { metadata: 'read' }, deletedAt: expect.any(Number) });
    expect(token?.repositories?.size).toBe(3);
    expect(world.github.account.live()).toHaveLength(1);
  });

  it('that match nothing are an error, and no token is left', async () => {
    world = await githubWorld(
      {},
      { read: { repositories: ['nothing-*'], permissions: { contents: 'read' } } },
    );
    await expect(world.issue()).rejects.toEqual(code('ERR_TARGET_REFUSED'));
    expect(world.github.account.live()).toEqual([]);
  });

  it('are at most 500', async () => {
    world = await githubWorld({}, webs);
    for (let count = 0; count < 499; count += 1) world.github.account.addRepository('acme', `web-${count}`);
    await expect(world.issue()).rejects.toThrow('501 repositories');
    expect(world.github.account.live()).toEqual([]);
  });

  it('of a scope are taken only where the role has them as well', async () => {
    world = await githubWorld(
      {},
      {
        read: {
          ...webs.read,
          permissions: { contents: 'write', issues: 'read' },
          scopes: { ones: { repositories: ['*one', 'api'], permissions: { contents: 'read' } } },
        },
      },
    );
    const issued = await world.issue({ scope: 'ones' });
    expect(issued.handle).toMatchObject({ repositories: 1, permissions: { contents: 'read' } });
    const [, token] = world.github.account.tokens;
    expect(token?.permissions).toEqual({ metadata: 'read', contents: 'read' });
  });

  it('leave no token when the list cannot be read to its end', async () => {
    world = await githubWorld({}, webs);
    world.github.fault({ on: 'GET repositories', kind: 'malformed', times: 9 });
    await expect(world.issue()).rejects.toEqual(code('ERR_TARGET_UNREACHABLE'));
    expect(world.github.account.live()).toEqual([]);
  });
});

describe('what is never sent to GitHub', () => {
  const empty = { repositories: [], permissions: { contents: 'read' } };

  it.each([
    ['repositories', empty],
    ['permissions', { repositories: ['web-one'], permissions: {} }],
  ])('is an empty list of %s', async (_what, role) => {
    world = await githubWorld({}, { read: role });
    expect(() => world.provider.plan(world.request())).toThrow();
    expect(world.github.calls).toEqual([]);
  });

  it('is a scope that would widen its role', async () => {
    const scopes = { more: { permissions: { contents: 'write' } } };
    world = await githubWorld({}, { read: { ...readTwo, scopes } });
    expect(() => world.provider.plan(world.request({ scope: 'more' }))).toThrow(code('ERR_CONFIG'));
  });

  it('is a name that neither list has', async () => {
    const scopes = { none: { repositories: ['api'] } };
    world = await githubWorld({}, { read: { ...readTwo, scopes } });
    await expect(world.issue({ scope: 'none' })).rejects.toEqual(code('ERR_TARGET_REFUSED'));
    expect(world.github.count('POST access_tokens')).toBe(0);
  });
});

describe('a token that is not what was asked for', () => {
  it('is deleted and not handed out: more permissions', async () => {
    world = await githubWorld();
    const { account } = world.github;
    const make = account.makeToken.bind(account);
    account.makeToken = (installation, { repositories }) => make(installation, { repositories });
    await expect(world.issue()).rejects.toEqual(code('ERR_TARGET_REFUSED'));
    expect(account.live()).toEqual([]);
  });

  it('is deleted and not handed out: all repositories', async () => {
    world = await githubWorld();
    const { account } = world.github;
    const make = account.makeToken.bind(account);
    account.makeToken = (installation, { permissions }) => make(installation, { permissions });
    await expect(world.issue()).rejects.toEqual(code('ERR_TARGET_REFUSED'));
    expect(account.tokens).toHaveLength(1);
    expect(account.live()).toEqual([]);
  });

  it('is deleted and not handed out: it lasts for a day', async () => {
    world = await githubWorld();
    world.github.account.life = 24 * 60 * minute;
    await expect(world.issue()).rejects.toEqual(code('ERR_CLOCK'));
    expect(world.github.account.live()).toEqual([]);
  });

  it('is deleted when it cannot be sealed', async () => {
    world = await githubWorld();
    world.sealFault = new Error('sealing');
    await expect(world.issue()).rejects.toThrow('sealing');
    expect(world.github.account.tokens).toHaveLength(1);
    expect(world.github.account.live()).toEqual([]);
  });

  it('is not even asked for when nothing could seal it', async () => {
    world = await githubWorld();
    world.sealFault = new Error('ready');
    await expect(world.issue()).rejects.toThrow('ready');
    expect(world.github.account.tokens).toEqual([]);
  });
});

describe('GitHub says no', () => {
  it('to a key that is not the App’s', async () => {
    world = await githubWorld();
    const { generateKeyPairSync } = await import('node:crypto');
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    world.key = other.export({ type: 'pkcs8', format: 'pem' }).toString();
    await expect(world.issue()).rejects.toEqual(code('ERR_SECRET_UNAVAILABLE'));
  });

  it.each(['nothing', '-----BEGIN RSA PRIVATE KEY-----'])(
    'to what is no key, without a word of it: %s',
    async (key) => {
      world = await githubWorld();
      world.key = key;
      const thrown = await world.issue().catch((error: unknown) => error);
      expect(thrown).toEqual(code('ERR_SECRET_UNAVAILABLE'));
      expect(String((thrown as Error).message)).not.toContain(key);
      expect(world.github.calls).toEqual([]);
    },
  );

  it('takes a key whose newlines are written as \\n', async () => {
    world = await githubWorld();
    world.key = world.key.trim().replaceAll('\n', '\\n');
    await expect(world.issue()).resolves.toBeDefined();
  });

  it.each([-5 * minute, 15 * minute])('to a clock that is off by %d ms, and says so', async (skew) => {
    world = await githubWorld();
    world.github.skew = skew;
    const thrown = await world.issue().catch((error: unknown) => error);
    expect(thrown).toEqual(code('ERR_CLOCK'));
    expect((thrown as Error).message).toMatch(/\(\d+ seconds (behind|ahead)\)/);
  });

  it.each([-50_000, 50_000])('not to one that is off by %d ms', async (skew) => {
    world = await githubWorld();
    world.github.skew = skew;
    await expect(world.issue()).resolves.toBeDefined();
  });

  it('to an owner without the App', async () => {
    world = await githubWorld({ owner: 'nobody' });
    await expect(world.issue()).rejects.toThrow('is not installed for "nobody"');
  });

  it('to an installation that is suspended, and it is looked for anew after that', async () => {
    world = await githubWorld();
    const [installation] = world.github.account.installations;
    if (installation) installation.suspendedAt = '2026-11-22T10:00:00Z';
    await expect(world.issue()).rejects.toThrow('suspended');
    if (installation) installation.suspendedAt = null;
    await world.issue();
    expect(world.github.count('GET installation')).toBe(2);
  });

  it('to more than the App has', async () => {
    world = await githubWorld({}, { read: { repositories: ['api'], permissions: { secrets: 'read' } } });
    await expect(world.issue()).rejects.toEqual(code('ERR_TARGET_REFUSED'));
  });

  it('by a redirect, which is not followed', async () => {
    world = await githubWorld();
    world.github.fault({ on: 'GET installation', kind: 'moved' });
    await expect(world.issue()).rejects.toThrow('moved');
    expect(world.github.calls).toHaveLength(1);
  });

  it('because of the hourly limit: not asked again, and told when it may be', async () => {
    world = await githubWorld();
    world.github.fault({ on: 'POST access_tokens', kind: 'exhausted', times: 9 });
    const thrown = await world.issue().catch((error: unknown) => error);
    expect(hasCode(thrown, 'ERR_TARGET_UNREACHABLE') && thrown.hint).toMatch(/in 1[78]\d\d seconds/);
    expect(world.github.count('POST access_tokens')).toBe(1);
  });

  it('because of the secondary limit: asked again after the pause it names', async () => {
    world = await githubWorld();
    world.github.fault({ on: 'POST access_tokens', kind: 'limit', delay: 2_000 });
    const issued = await world.issue();
    expect(issued.handle.undisclosed_until).toBeNull();
    expect(world.github.count('POST access_tokens')).toBe(2);
  });
});

describe('nobody is there', () => {
  it('means that nothing was made', async () => {
    world = await githubWorld();
    await world.github.close();
    await expect(world.issue()).rejects.toEqual(code('ERR_TARGET_UNREACHABLE'));
  });
});
