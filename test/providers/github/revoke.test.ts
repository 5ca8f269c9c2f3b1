import { afterEach, describe, expect, it } from 'vitest';
import { type GithubWorld, githubWorld, listen, minute, soon } from '../../support/github-target.ts';

let world: GithubWorld;
afterEach(() => world?.close());

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('revoking', () => {
  it('needs nothing but the handle after a crash, not even the key of the App', async () => {
    world = await githubWorld();
    const { handle } = await world.issue();
    world.key = 'lost';
    const restarted = world.restarted();
    await restarted.revoke(handle, 'recovery', listen().report, soon());
    expect(await restarted.confirm(handle, soon())).toBe('gone');
    expect(world.github.account.live()).toEqual([]);
  });

  it('twice is fine: what is dead already is success', async () => {
    world = await githubWorld();
    const { handle } = await world.issue();
    await world.provider.revoke(handle, 'revoked', listen().report, soon());
    const told = listen();
    await world.restarted().revoke(handle, 'recovery', told.report, soon());
    expect(told.steps.map(({ name }) => name)).toEqual(['token-was-dead']);
    expect(told.ended).toBe(true);
  });

  it.each(['lost', 'internal', 'gateway', 'reset', 'limit'] as const)(
    'goes on after an answer that is "%s"',
    async (kind) => {
      world = await githubWorld();
      const { handle } = await world.issue();
      world.github.fault({ on: 'DELETE token', kind });
      await world.provider.revoke(handle, 'revoked', listen().report, soon());
      expect(await world.provider.confirm(handle, soon())).toBe('gone');
    },
  );

  it('that GitHub forbids is a failure, and the token is told to be alive', async () => {
    world = await githubWorld();
    const { handle } = await world.issue();
    world.github.fault({ on: 'DELETE token', kind: 'forbidden' });
    const told = listen();
    await expect(world.provider.revoke(handle, 'revoked', told.report, soon())).rejects.toEqual(
      code('ERR_TARGET_REFUSED'),
    );
    expect(told.ended).toBe(false);
    expect(await world.provider.confirm(handle, soon())).toBe('alive');
  });

  it('is not done while servers still take the token, and is once they do not', async () => {
    world = await githubWorld();
    world.github.account.linger = 2;
    const { handle } = await world.issue();
    await world.provider.revoke(handle, 'revoked', listen().report, soon());
    expect(await world.provider.confirm(handle, soon())).toBe('gone');
    world.github.account.linger = 99;
    const slow = await world.issue();
    await world.provider.revoke(slow.handle, 'revoked', listen().report, soon());
    expect(await world.provider.confirm(slow.handle, soon())).toBe('alive');
  });

  it('believes no clock that says the hour is over while GitHub still takes the token', async () => {
    world = await githubWorld();
    const { handle } = await world.issue();
    const ahead = world.restarted({ ahead: 62 * minute });
    world.github.fault({ on: 'DELETE token', kind: 'forbidden' });
    await ahead.revoke(handle, 'expired', listen().report, soon());
    expect(await ahead.confirm(handle, soon())).toBe('alive');
    await ahead.revoke(handle, 'expired', listen().report, soon());
    expect(await ahead.confirm(handle, soon())).toBe('gone');
    expect(world.github.account.live()).toEqual([]);
  });

  it('goes by the age of a token when GitHub cannot be asked', async () => {
    world = await githubWorld();
    const { handle } = await world.issue();
    world.github.advance(62 * minute);
    await world.github.close();
    const told = listen();
    await world.restarted().revoke(handle, 'expired', told.report, soon());
    expect(told.steps.map(({ name }) => name)).toEqual(['token-expired']);
    expect(await world.restarted().confirm(handle, soon())).toBe('gone');
  });

  it('of one lease leaves the token of another alone, though both are for the same', async () => {
    world = await githubWorld();
    const [one, other] = await Promise.all([world.issue(), world.issue()]);
    expect(one.handle.tokens[0]?.sha256).not.toBe(other.handle.tokens[0]?.sha256);
    await world.provider.revoke(one.handle, 'revoked', listen().report, soon());
    expect(await world.provider.confirm(one.handle, soon())).toBe('gone');
    expect(await world.provider.confirm(other.handle, soon())).toBe('alive');
  });

  it('cannot take a handle that is none', async () => {
    world = await githubWorld();
    const { handle } = await world.issue();
    const broken = { ...handle, tokens: undefined } as unknown as typeof handle;
    await expect(world.provider.revoke(broken, 'revoked', listen().report, soon())).rejects.toEqual(
      code('ERR_INTERNAL'),
    );
  });
});
