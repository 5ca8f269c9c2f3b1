// Taking back: one session and no other, confirmed by AWS itself, never claimed before.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import type { AwsHandle } from '../../../src/providers/aws/index.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { type AwsWorld, awsWorld, listen, minute, roleOf, type Told } from '../../support/aws-target.ts';
import { until } from '../../support/until.ts';

let world: AwsWorld;
afterEach(() => world.close());

const soon = (): AbortSignal => AbortSignal.timeout(25_000);
const policyOf = (name = 'deploy'): string =>
  [...(world.aws.account.roles.get(name)?.inline.values() ?? [])][0]?.document ?? '';

async function revoke(handle: AwsHandle, provider: Provider<AwsHandle> = world.provider): Promise<Told> {
  const told = listen();
  await provider.revoke(handle, 'revoked', told.report, soon());
  return told;
}

describe('taking back one session', () => {
  it('denies the one and leaves the other of the same role unharmed', async () => {
    world = await awsWorld();
    const [a, b] = [await world.issue(), await world.issue()];
    const told = await revoke(a.handle);
    expect(told.ended).toBe(true);
    expect(await world.provider.confirm(a.handle, soon())).toBe('gone');
    expect(await world.provider.confirm(b.handle, soon())).toBe('alive');
    expect(world.aws.account.usable().map((one) => one.accessKeyId)).toEqual([b.handle.access_key_id]);
    expect(() => a.handOut.endpoints?.[0]?.answer()).toThrow(
      expect.objectContaining({ code: 'ERR_GRANT_ENDED' }),
    );
    expect(b.handOut.endpoints?.[0]?.answer().reveal()).toContain(b.handle.access_key_id);
  });

  it('denies by the name of the session where sessions carry no tags', async () => {
    const role = { role_arn: roleOf('deploy'), revoke: 'deny-session', session_tags: false };
    world = await awsWorld({}, { deploy: role });
    const [a, b] = [await world.issue(), await world.issue()];
    await revoke(a.handle);
    expect(policyOf()).toContain('aws:userid');
    expect(world.aws.account.usable().map((one) => one.accessKeyId)).toEqual([b.handle.access_key_id]);
  });

  it('claims nothing until the Deny has reached the session', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    world.aws.account.propagation = 10 * minute;
    const told = listen();
    const attempt = world.provider.revoke(handle, 'revoked', told.report, soon());
    await expect(attempt).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    expect(told.ended).toBe(false);
    expect(await world.provider.confirm(handle, soon())).toBe('alive');
    world.aws.advance(10 * minute);
    expect((await revoke(handle)).ended).toBe(true);
    expect(await world.provider.confirm(handle, soon())).toBe('gone');
  });

  it('does not take somebody else’s Deny for its own', async () => {
    const rights = {
      Statement: [
        { Effect: 'Allow' as const, Action: 's3:*', Resource: '*' },
        { Effect: 'Deny' as const, Action: 'sts:*', Resource: '*' },
      ],
    };
    world = await awsWorld({}, undefined, { rights });
    const { handle } = await world.issue();
    world.aws.account.propagation = 10 * minute;
    await expect(revoke(handle)).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    expect(world.aws.account.usable()).toHaveLength(1);
    expect(await world.provider.confirm(handle, soon())).not.toBe('gone');
  });

  it('after a crash, without any key, denies and confirms with a stand-in that can do nothing else', async () => {
    world = await awsWorld();
    const wanted = world.request();
    const { handle } = world.provider.plan(wanted);
    await world.provider.issue(handle, wanted, soon());
    const provider = world.restarted();
    const told = await revoke(handle, provider);
    expect(told.steps.map((one) => one.name)).toEqual(['undisclosed', 'deny-added', 'denied']);
    expect(await provider.confirm(handle, soon())).toBe('gone');
    expect(world.aws.account.usable()).toHaveLength(0);
    expect(world.aws.account.usable('sts:GetAccessKeyInfo', '*')).toHaveLength(0);
  });

  it.each([
    ['reading the policy', 'GetRolePolicy'],
    ['writing it', 'PutRolePolicy'],
    ['asking as the session', 'GetAccessKeyInfo'],
  ])('recovers from a crash around %s', async (_what, action) => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const died = new AbortController();
    world.aws.fault({ action, kind: 'hang', times: 9 });
    const attempt = world.provider
      .revoke(handle, 'revoked', listen().report, died.signal)
      .catch(() => 'died');
    await until(() => expect(world.aws.count(action)).toBeGreaterThan(0));
    died.abort();
    world.aws.calm();
    const provider = world.restarted();
    expect((await revoke(handle, provider)).ended).toBe(true);
    expect(await provider.confirm(handle, soon())).toBe('gone');
    expect(world.aws.account.usable()).toHaveLength(0);
    expect(policyOf().split(handle.lease)).toHaveLength(2);
    await world.aws.hangUp();
    await attempt;
  });

  it('denies sessions whose keys never arrived, by the names that were chosen before', async () => {
    world = await awsWorld();
    const wanted = world.request();
    const { handle } = world.provider.plan(wanted);
    world.aws.fault({ action: 'AssumeRole', kind: 'lost', times: 4 });
    const lost = world.provider.issue(handle, wanted, soon());
    await expect(lost).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    expect(world.aws.account.usable()).toHaveLength(4);
    const told = await revoke(handle);
    expect(told.steps[0]).toMatchObject({ name: 'undisclosed', facts: { session: handle.session_name } });
    expect(await world.provider.confirm(handle, soon())).toBe('gone');
    expect(world.aws.account.usable()).toHaveLength(0);
  });

  it('is idempotent, also from several at once', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    await Promise.all([revoke(handle), revoke(handle), revoke(handle)]);
    await revoke(handle);
    expect(policyOf().split(handle.lease)).toHaveLength(2);
  });

  it('keeps the policy within its quota over 200 revocations, and empty once all have ended', async () => {
    world = await awsWorld();
    const leases = await Promise.all(Array.from({ length: 200 }, () => world.issue()));
    await Promise.all(leases.map(({ handle }) => revoke(handle)));
    expect(policyOf().length).toBeLessThan(6_000);
    expect(world.aws.account.usable()).toHaveLength(0);
    const written = world.aws.count('PutRolePolicy');
    expect(written).toBeLessThan(60);
    world.aws.advance(3 * 60 * minute);
    await world.provider.reconcile?.([], soon());
    expect(policyOf()).toBe('');
  });

  it('does not lose a Deny when an answer of IAM is lost', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    world.aws.fault({ action: 'PutRolePolicy', kind: 'lost' });
    world.aws.fault({ action: 'GetRolePolicy', kind: 'throttle' });
    expect((await revoke(handle)).ended).toBe(true);
    expect(world.aws.account.usable()).toHaveLength(0);
  });

  it('goes on with the access key that took the place of one that AWS refuses', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const { arn, userid, policies, accessKeyId } = world.broker;
    world.aws.account.identities.delete(accessKeyId);
    const next = world.aws.account.add({ arn, userid, policies }, 'AKIA');
    const key = { AccessKeyId: next.accessKeyId, SecretAccessKey: next.secretAccessKey };
    vi.spyOn(world.tools, 'resolveSecret').mockResolvedValue(new Secret(JSON.stringify(key)));
    await expect(revoke(handle)).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    expect((await revoke(handle)).ended).toBe(true);
    expect(world.aws.account.usable()).toHaveLength(0);
  });

  it('says that the role has no room, and how much', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const role = world.aws.account.roles.get('deploy');
    const document = JSON.stringify({
      Statement: [{ Effect: 'Deny', Action: '*', Resource: 'x'.repeat(10_150) }],
    });
    role?.inline.set('big', { document, policy: { Statement: [] } });
    await expect(revoke(handle)).rejects.toMatchObject({
      code: 'ERR_TARGET_REFUSED',
      message: expect.stringContaining('10240'),
    });
    expect(await world.provider.confirm(handle, soon())).toBe('alive');
  });
});

describe('where nothing may be denied', () => {
  const roles = { deploy: { role_arn: roleOf('deploy') } };

  it('never says gone before the deadline, and says when it ends', async () => {
    world = await awsWorld({}, roles);
    const { handle } = await world.issue();
    expect(world.provider.irrevocableUntil?.(handle)).toBe(handle.deadline);
    const told = await revoke(handle);
    expect(told.ended).toBe(false);
    expect(told.steps).toEqual([]);
    expect(await world.provider.confirm(handle, soon())).toBe('alive');
    expect(world.aws.account.usable()).toHaveLength(1);
  });

  it('does not say alive of keys that AWS has ended before the deadline', async () => {
    world = await awsWorld({}, { deploy: { role_arn: roleOf('deploy'), max_session: '1h' } });
    const { handle, expiresAt } = await world.issue({ length: 120 * minute });
    expect(expiresAt).toBeLessThan(handle.deadline);
    await revoke(handle);
    expect(await world.provider.confirm(handle, soon())).toBe('alive');
    world.aws.advance(62 * minute);
    expect(await world.provider.confirm(handle, soon())).toBe('unknown');
  });

  it('says gone at the deadline once AWS denies the session itself', async () => {
    world = await awsWorld({}, roles);
    const { handle } = await world.issue({ length: 5 * minute });
    world.aws.advance(5 * minute);
    expect((await revoke(handle)).ended).toBe(true);
    expect(await world.provider.confirm(handle, soon())).toBe('gone');
  });

  it('after a restart, does not say gone before the hard expiry', async () => {
    world = await awsWorld({}, roles);
    const { handle } = await world.issue({ length: 5 * minute });
    const provider = world.restarted();
    world.aws.advance(5 * minute);
    expect((await revoke(handle, provider)).ended).toBe(true);
    expect(await provider.confirm(handle, soon())).toBe('unknown');
    world.aws.advance(12 * minute);
    expect(await provider.confirm(handle, soon())).toBe('gone');
    expect(world.aws.account.live()).toHaveLength(0);
  });

  it.each([
    ['lets the session act', 0],
    ['refuses the time of the machine', -10 * minute],
  ])('does not say gone by a clock that is hours ahead while AWS %s', async (_, skew) => {
    world = await awsWorld({}, roles);
    const { handle } = await world.issue({ length: 30 * minute });
    vi.spyOn(world.clock, 'now').mockImplementation(() => systemClock.now() + 180 * minute);
    world.aws.skew = skew;
    const told = await revoke(handle);
    expect(told.steps.map(({ name }) => name)).not.toContain('expired');
    expect(told.ended).toBe(false);
    expect(await world.provider.confirm(handle, soon())).toBe('alive');
  });

  it('after a restart, does not say gone by a clock that AWS refuses', async () => {
    world = await awsWorld({}, roles);
    const { handle } = await world.issue({ length: 30 * minute });
    const provider = world.restarted();
    vi.spyOn(world.clock, 'now').mockImplementation(() => systemClock.now() + 180 * minute);
    world.aws.skew = -10 * minute;
    const told = await revoke(handle, provider);
    expect(told.steps.map(({ name }) => name)).not.toContain('expired');
    expect(told.ended).toBe(false);
    expect(await provider.confirm(handle, soon())).toBe('alive');
  });

  it('after a restart, says gone past the hard expiry although the broker’s own login is over', async () => {
    world = await awsWorld({}, roles);
    const { handle } = await world.issue({ length: 30 * minute });
    const provider = world.restarted();
    world.aws.advance(60 * minute);
    world.aws.account.identities.delete(world.broker.accessKeyId);
    expect((await revoke(handle, provider)).steps.map(({ name }) => name)).toEqual(['expired']);
    expect(await provider.confirm(handle, soon())).toBe('gone');
  });

  it('needs no policy of the role at an ordinary end', async () => {
    world = await awsWorld();
    const { handle } = await world.issue({ length: 5 * minute });
    world.aws.advance(5 * minute);
    expect((await revoke(handle)).ended).toBe(true);
    expect(world.aws.count('PutRolePolicy')).toBe(0);
  });
});
