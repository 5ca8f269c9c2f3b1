// Links to the console: of the session of the lease, no longer than the grant, and the keys in no address.

import { afterEach, describe, expect, it } from 'vitest';
import type { AwsHandle } from '../../../src/providers/aws/index.ts';
import { type AwsWorld, awsWorld, minute, roleOf } from '../../support/aws-target.ts';

let world: AwsWorld;
afterEach(() => world.close());

const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const link = async (handle: AwsHandle) => {
  const answer = await world.provider.console?.(handle, signal());
  if (!answer) throw new Error('no console');
  return { ...answer, text: answer.url.reveal() };
};
const signIn = (text: string) => fetch(text, { redirect: 'manual' });

describe('a link to the console', () => {
  it('signs in as the session of the lease, for the rest of the grant', async () => {
    world = await awsWorld();
    const { handle } = await world.issue({ length: 40 * minute });
    const { text, endsAt } = await link(handle);
    expect(endsAt).toBe(handle.deadline);
    expect((await signIn(text)).status).toBe(302);
    const [signedIn] = world.aws.consoles;
    expect(signedIn?.identity.sessionName).toBe(handle.session_name);
    expect(signedIn?.destination).toContain('https://eu-west-1.console.aws.amazon.com/');
    expect(Math.abs((signedIn?.endsAt ?? 0) - handle.deadline)).toBeLessThan(30_000);
  });

  it('holds no key, and is not shown by what prints it', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const answer = await link(handle);
    const [session] = world.aws.account.live();
    for (const secret of [session?.accessKeyId, session?.secretAccessKey, session?.token]) {
      expect(answer.text).not.toContain(encodeURIComponent(String(secret)));
    }
    expect(JSON.stringify(answer.url)).not.toContain('SigninToken');
  });

  it('asks for a quarter of an hour at least; the policy of the session ends a shorter grant', async () => {
    world = await awsWorld();
    const { handle } = await world.issue({ length: 5 * minute });
    const { text, endsAt } = await link(handle);
    expect(endsAt).toBe(handle.deadline);
    await signIn(text);
    const [signedIn] = world.aws.consoles;
    expect((signedIn?.endsAt ?? 0) - world.clock.now()).toBeGreaterThan(14 * minute);
    world.aws.advance(6 * minute);
    expect(world.aws.account.usable()).toEqual([]);
  });

  it('of a chained role asks for no length, and ends with its keys at the latest', async () => {
    const roles = { deploy: { role_arn: roleOf('deploy'), chain: [roleOf('hub')] } };
    world = await awsWorld({}, roles, { maxSession: 43_200 });
    const trust = {
      Statement: [{ Effect: 'Allow' as const, Principal: { AWS: world.broker.arn }, Action: 'sts:*' }],
    };
    world.aws.account.addRole('hub', trust, [{ Statement: [{ Effect: 'Allow', Action: 'sts:*' }] }]);
    const issued = await world.issue({ length: 120 * minute });
    const { endsAt } = await link(issued.handle);
    expect(endsAt).toBe(issued.expiresAt);
    expect(world.aws.count('getSigninToken')).toBe(1);
  });

  it('asks again without a length when AWS takes none', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const [session] = world.aws.account.live();
    // As with a login of IAM Identity Center: nothing shows that the broker's own keys are a role's.
    world.aws.account.identities.set(session?.accessKeyId ?? '', { ...session, isChained: true } as never);
    const { endsAt } = await link(handle);
    expect(world.aws.count('getSigninToken')).toBe(2);
    expect(endsAt).toBeLessThanOrEqual(handle.deadline);
  });
});

describe('no link', () => {
  it.each([
    ['gateway', 'ERR_TARGET_UNREACHABLE'],
    ['reset', 'ERR_TARGET_UNREACHABLE'],
    ['malformed', 'ERR_TARGET_UNREACHABLE'],
  ] as const)('comes of an answer that is a %s, and the error holds no secret', async (kind, code) => {
    world = await awsWorld();
    const { handle } = await world.issue();
    world.aws.fault({ action: 'getSigninToken', kind, times: 2 });
    const error: Error & { code?: string } = await link(handle).then(
      () => new Error('a link came'),
      (thrown: Error) => thrown,
    );
    expect(error.code).toBe(code);
    const [session] = world.aws.account.live();
    for (const secret of [session?.secretAccessKey, session?.token])
      expect(`${error.message} ${String(error.cause)}`).not.toContain(secret);
  });

  it('comes when AWS refuses the session', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const [session] = world.aws.account.live();
    world.aws.account.identities.delete(session?.accessKeyId ?? '');
    await expect(link(handle)).rejects.toMatchObject({ code: 'ERR_TARGET_REFUSED' });
  });

  it('comes after a restart, when the keys are gone', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    await expect(world.restarted().console?.(handle, signal())).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
    });
  });

  it('comes once the lease is being taken back', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const report = {
      step: () => undefined,
      accessEnded: () => undefined,
      accessFound: () => undefined,
      finding: () => undefined,
      undisclosed: () => undefined,
    };
    await world.provider.revoke(handle, 'revoked', report, signal());
    await expect(link(handle)).rejects.toMatchObject({ code: expect.stringMatching(/GRANT_ENDED|CONFLICT/) });
    expect(world.aws.count('getSigninToken')).toBe(0);
  });

  it('is known in a partition without one', async () => {
    world = await awsWorld();
    const { handle } = await world.issue();
    const elsewhere = { ...handle, role_arn: 'arn:aws-iso:iam::123456789012:role/deploy' };
    await expect(link(elsewhere)).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED' });
  });
});
