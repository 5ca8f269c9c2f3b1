// Tokens of people: asked for by a code at the terminal, narrowed for each lease, taken back with it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { githubKind } from '../../../src/providers/github/index.ts';
import type { PrepareRequest } from '../../../src/providers/provider.ts';
import {
  clientSecret,
  type GithubWorld,
  githubWorld,
  listen,
  minute,
  readTwo,
  soon,
  tokenOf,
} from '../../support/github-target.ts';
import { until } from '../../support/until.ts';

const acting = { act_as: 'user', client_id: 'Iv23liTESTclient', client_secret: clientSecret };
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const readme = (name: string): string => `/repos/acme/${name}/contents/README.md`;

let world: GithubWorld;
let notices: string[];
let withdrawn: number;
/** What the person does when a code is shown. */
let react: () => void;
beforeEach(async () => {
  notices = [];
  withdrawn = 0;
  await use({ read: readTwo });
  react = () => users().decide('approved');
});
afterEach(async () => {
  await world.provider.close();
  await world.close();
});

async function use(roles: Parameters<typeof githubWorld>[1]): Promise<void> {
  await world?.close();
  world = await githubWorld(acting, roles);
  world.show = ({ text }) => {
    notices.push(text);
    react();
    return () => {
      withdrawn += 1;
    };
  };
}

const users = () => world.github.account.users;
const live = (isBase: boolean) =>
  world.github.account.live().filter((one) => (one.isBase === true) === isBase);
const attended: PrepareRequest = { principal: 'user:alice', role: 'read', scope: null, attended: true };
const prepare = async (changes: Partial<PrepareRequest> = {}, signal = soon()): Promise<void> =>
  world.provider.prepare?.({ ...attended, ...changes }, signal);
async function issue(changes: Parameters<GithubWorld['issue']>[0] = {}) {
  await prepare();
  return world.issue(changes);
}

describe('a token of a person', () => {
  it('is asked for by a code that is shown with the place to enter it, until it is entered', async () => {
    react = () => undefined;
    const preparing = prepare();
    await until(() => expect(world.github.count('POST access_token')).toBeGreaterThan(2));
    const [device] = users().devices;
    expect(notices).toEqual([
      `to act as you for "repos": open ${world.github.url}/login/device and enter ${device?.userCode}`,
    ]);
    expect(withdrawn).toBe(0);
    users().decide('approved');
    await preparing;
    expect(withdrawn).toBe(1);
    expect(live(true)).toHaveLength(1);
  });

  it('reads the repositories of its role and nothing else, and tells whose it is', async () => {
    const issued = await issue();
    const token = tokenOf(issued);
    expect(token).toMatch(/^ghu_/);
    expect(live(true).map((one) => one.token)).not.toContain(token);
    expect(await world.fetch(token, readme('web-one'))).toBe(200);
    expect(await world.fetch(token, readme('api'))).toBe(404);
    const write = { method: 'PUT', body: { content: 'eA==' } };
    expect(await world.fetch(token, '/repos/acme/web-one/contents/x', write)).toBe(403);
    const asked = world.github.calls.find(({ on }) => on === 'POST scoped')?.body;
    expect(asked).toMatchObject({
      target: 'acme',
      repositories: ['web-one', 'web-two'],
      permissions: { contents: 'read' },
    });
    expect(world.provider.describe(issued.handle).facts).toMatchObject({ account: 'octo-alice' });
    expect(world.github.count('POST access_tokens')).toBe(0);
  });

  it('is not in the handle, and neither is what it was made from or the secret', async () => {
    const issued = await issue();
    const shown = JSON.stringify([issued.handle, issued.handOut, world.provider.describe(issued.handle)]);
    for (const { token } of world.github.account.tokens) expect(shown).not.toContain(token);
    expect(shown).not.toContain(users().clientSecret);
  });

  it('is dead after it was revoked, as GitHub says twice, while the sign-in serves the next', async () => {
    const issued = await issue();
    expect(await world.provider.confirm(issued.handle, soon())).toBe('alive');
    const told = listen();
    await world.provider.revoke(issued.handle, 'revoked', told.report, soon());
    expect(told.steps.map(({ name }) => name)).toEqual(['token-deleted']);
    expect(await world.provider.confirm(issued.handle, soon())).toBe('gone');
    expect(await world.fetch(tokenOf(issued), readme('web-one'))).toBe(401);
    // Once before the sign-in, once here.
    expect(world.github.count('POST token')).toBe(2);
    await issue();
    expect(notices).toHaveLength(1);
  });

  it('can be revoked after a restart by the handle alone, and again', async () => {
    const { handle } = await issue();
    const later = world.restarted();
    await later.revoke(handle, 'recovery', listen().report, soon());
    const again = listen();
    await later.revoke(handle, 'recovery', again.report, soon());
    expect(again.steps.map(({ name }) => name)).toEqual(['token-was-dead']);
    expect(await later.confirm(handle, soon())).toBe('gone');
    expect(live(false)).toEqual([]);
    await later.close();
  });

  it.each([false, true])(
    'is not called gone by a client that GitHub does not take (404: %s)',
    async (isVague) => {
      const { handle } = await issue();
      Object.assign(world.github.account, { clientId: 'Iv23another' });
      users().isVague = isVague;
      const told = listen();
      await expect(world.provider.revoke(handle, 'revoked', told.report, soon())).rejects.toMatchObject({
        code: 'ERR_SECRET_UNAVAILABLE',
        hint: expect.stringContaining('client_secret'),
      });
      expect(told.ended).toBe(false);
      expect(await world.provider.confirm(handle, soon())).toBe('alive');
    },
  );

  it('for a pattern is for what the person and the App both see', async () => {
    await use({ read: { repositories: ['web-*'], permissions: { contents: 'read' } } });
    const issued = await issue();
    expect(issued.handle.repositories).toBe(2);
    expect(await world.fetch(tokenOf(issued), readme('web-two'))).toBe(200);
    expect(await world.fetch(tokenOf(issued), readme('api'))).toBe(404);
    expect(world.github.count('POST access_tokens')).toBe(0);
  });

  it.each([
    [
      'all repositories',
      { installation: { permissions: { contents: 'read' }, repository_selection: 'all' } },
    ],
    [
      'more rights',
      { installation: { permissions: { contents: 'write' }, repository_selection: 'selected' } },
    ],
    ['nobody knows what', { installation: null }],
  ])('for %s is deleted and not handed out', async (_what, shown) => {
    users().shown = shown;
    await expect(issue()).rejects.toEqual(code('ERR_TARGET_REFUSED'));
    expect(live(false)).toEqual([]);
  });

  it.each(['lost', 'malformed', 'hang'] as const)(
    'whose answer is "%s" is undisclosed for eight hours',
    async (kind) => {
      await prepare();
      world.github.fault({ on: 'POST scoped', kind, times: 9 });
      const wanted = world.request();
      const { handle, hardDeadline } = world.provider.plan(wanted);
      const signal = kind === 'hang' ? AbortSignal.timeout(300) : soon();
      await expect(world.provider.issue(handle, wanted, signal)).rejects.toEqual(
        code('ERR_REVOKE_INCOMPLETE'),
      );
      expect(hardDeadline).toBeGreaterThan(wanted.now + 480 * minute);
      for (const { expiresAt } of live(false)) expect(expiresAt).toBeLessThan(hardDeadline);
      const told = listen();
      await world.provider.revoke(handle, 'issue-failed', told.report, soon());
      expect(told.undisclosed).toEqual([hardDeadline]);
      expect(await world.provider.confirm(handle, soon())).toBe('unknown');
    },
  );
});

describe('signing in', () => {
  it.each([
    ['no terminal', { attended: false }],
    ['a job', { principal: 'job:github/acme/shop' }],
    ['a program', { principal: 'agent:reviewer' }],
  ])('is refused with %s, also while somebody is signed in', async (_who, changes) => {
    const refused = { code: 'ERR_SECRET_UNAVAILABLE', hint: expect.stringContaining('jit elevate repos') };
    await expect(prepare(changes)).rejects.toMatchObject(refused);
    await prepare();
    await expect(prepare(changes)).rejects.toMatchObject(refused);
    expect(notices).toHaveLength(1);
  });

  it('is asked for once by a crowd, and for each principal alone', async () => {
    await Promise.all(Array.from({ length: 20 }, () => prepare()));
    expect(notices).toHaveLength(1);
    await prepare({ principal: 'user:bob' });
    expect(notices).toHaveLength(2);
    expect(live(true)).toHaveLength(2);
  });

  it('is asked for again after a restart', async () => {
    await prepare();
    const later = world.restarted();
    await later.prepare?.(attended, soon());
    expect(notices).toHaveLength(2);
    await later.close();
  });

  it.each([
    ['denied', () => users().decide('denied'), /did not allow/],
    ['out of time', () => world.github.advance(16 * minute), /in time/],
  ])('that is %s leaves nothing', async (_how, act, message) => {
    react = act;
    await expect(prepare()).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: expect.stringMatching(message),
    });
    expect(world.github.account.tokens).toEqual([]);
    expect(withdrawn).toBe(1);
    react = () => users().decide('approved');
    await prepare();
  });

  it('asks less often each time that GitHub says so', async () => {
    const waits: number[] = [];
    const { after } = world.clock;
    Object.assign(world.clock, {
      after: (delay: number, callback: () => void) => {
        waits.push(delay);
        return after(delay, callback);
      },
    });
    users().slowDowns = 2;
    await prepare();
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
    expect(waits[1]).toBeGreaterThanOrEqual(6_000);
    expect(waits[2]).toBeGreaterThanOrEqual(11_000);
  });

  it('goes on while one of those who wait is there, and stops with the last', async () => {
    react = () => undefined;
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [prepare({}, first.signal), prepare({}, second.signal)].map((one) =>
      one.catch((error) => error),
    );
    await until(() => expect(world.github.count('POST access_token')).toBeGreaterThan(0));
    first.abort();
    const before = world.github.count('POST access_token');
    await until(() => expect(world.github.count('POST access_token')).toBeGreaterThan(before + 1));
    second.abort();
    await Promise.all(waiting);
    const after = world.github.count('POST access_token');
    users().decide('approved');
    await world.provider.close();
    expect(world.github.count('POST access_token')).toBe(after);
    expect(world.github.account.tokens).toEqual([]);
    expect(withdrawn).toBe(1);
  });

  it('whose answer comes when all have gone is taken back', async () => {
    world.github.fault({ on: 'POST access_token', kind: 'slow', delay: 300 });
    const gone = new AbortController();
    const waiting = prepare({}, gone.signal).catch((error: unknown) => error);
    await until(() => expect(world.github.count('POST access_token')).toBe(1));
    gone.abort();
    expect(await waiting).toEqual(code('ERR_CONFLICT'));
    expect(world.github.account.tokens).toHaveLength(1);
    expect(world.github.account.live()).toEqual([]);
  });

  it('whose answer is lost says that a token may live', async () => {
    world.github.fault({ on: 'POST access_token', kind: 'lost' });
    await expect(prepare()).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      message: expect.stringContaining('lost'),
      hint: expect.stringContaining('eight hours'),
    });
  });

  it('for a token without an end is refused, and the token is deleted', async () => {
    users().life = null;
    await expect(prepare()).rejects.toMatchObject({
      hint: expect.stringContaining('Expire user authorization'),
    });
    expect(world.github.account.live()).toEqual([]);
  });

  it('for a token without an end that cannot be deleted says how to end it', async () => {
    users().life = null;
    world.github.fault({ on: 'DELETE token', kind: 'internal', times: 9 });
    await expect(prepare()).rejects.toMatchObject({
      message: expect.stringContaining('end it under "Authorized GitHub Apps"'),
    });
  });

  it('is not asked for with a client secret that GitHub does not take', async () => {
    world.show = () => {
      throw new Error('nobody is to be asked');
    };
    Object.assign(world.github.account, { clientId: 'Iv23another' });
    await expect(prepare()).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: expect.stringContaining('client_secret'),
    });
    expect(users().devices).toEqual([]);
  });

  it('says what is missing where the App has no device flow', async () => {
    users().isEnabled = false;
    await expect(prepare()).rejects.toMatchObject({
      code: 'ERR_TARGET_REFUSED',
      hint: expect.stringContaining('Enable Device Flow'),
    });
  });

  it('is asked for anew when the person took it back at GitHub', async () => {
    const first = await issue();
    for (const one of live(true)) world.github.account.delete(one);
    await expect(world.issue()).rejects.toEqual(code('ERR_SECRET_UNAVAILABLE'));
    await issue();
    expect(notices).toHaveLength(2);
    expect(await world.fetch(tokenOf(first), readme('web-one'))).toBe(200);
  });

  it('ends after a quarter of an hour without a lease, and not before', async () => {
    const { handle } = await issue();
    world.github.advance(20 * minute);
    await until(() => expect(live(true)).toHaveLength(1));
    await world.provider.revoke(handle, 'revoked', listen().report, soon());
    await world.provider.confirm(handle, soon());
    expect(live(true)).toHaveLength(1);
    world.github.advance(16 * minute);
    await until(() => expect(live(true)).toEqual([]));
  });

  it('stays when the configuration is read again, and ends when nothing is left that needs it', async () => {
    await prepare();
    const closing = world.provider.close();
    const successor = githubKind.open(world.target, world.tools);
    await closing;
    await successor.prepare?.(attended, soon());
    expect(notices).toHaveLength(1);
    await successor.close();
    expect(world.github.account.live()).toEqual([]);
  });

  it('ends with the broker, also one that is under way', async () => {
    await prepare();
    react = () => undefined;
    const bob = prepare({ principal: 'user:bob' }).catch((error: unknown) => error);
    await until(() => expect(notices).toHaveLength(2));
    await world.provider.close();
    expect(await bob).toMatchObject({ code: expect.any(String) });
    expect(world.github.account.live()).toEqual([]);
  });
});

it('a grant of many hours is told when its token ends, and nothing is made in its place', async () => {
  const issued = await issue({ length: 600 * minute });
  const wanted = world.request({ length: 600 * minute });
  expect(issued.refreshAt).toBeNull();
  expect(world.provider.plan(wanted).preview).toContain(
    'GitHub ends a token after 8h: the grant is of no use after that',
  );
  expect(world.provider.plan(wanted).preview).toContain('what is written with it is written by you');
});

it('a sign-in is not begun with in its last hour, and the one before lives while a lease has a token of it', async () => {
  await issue();
  world.github.advance(425 * minute);
  await prepare();
  expect(notices).toHaveLength(2);
  expect(live(true)).toHaveLength(2);
});
