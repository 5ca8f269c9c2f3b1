// Issuing: what AWS was asked for, what it really made, and what is said when it answers badly or not at all.

import { afterEach, describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/core/errors.ts';
import type { PlanRequest } from '../../../src/providers/provider.ts';
import { type AwsWorld, awsWorld, minute, roleOf } from '../../support/aws-target.ts';

let world: AwsWorld;
afterEach(() => world.close());

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (thrown) => (thrown as { code: string }).code,
  );

describe('issuing on AWS', () => {
  it('makes one session that says who, for which lease and why, and never tells the reason itself', async () => {
    world = await awsWorld();
    const wanted = world.request({ ticket: 'OPS-7' });
    const { handle } = world.provider.plan(wanted);
    const issued = await world.provider.issue(handle, wanted, AbortSignal.timeout(30_000));
    const [session] = world.aws.account.live();
    expect(world.aws.account.live()).toHaveLength(1);
    expect(session?.sessionName).toBe(`alice+${wanted.lease}`);
    expect(session?.sourceIdentity).toBe('alice');
    expect(session?.tags).toMatchObject({ 'jit:lease': wanted.lease, 'jit:ticket': 'OPS-7' });
    expect(session?.tags['jit:reason']).toMatch(/^[0-9a-f]{64}$/);
    expect(session?.transitive).toEqual([]);
    expect(issued.expiresAt).toBe(session?.expiration);
    expect(issued.handle.access_key_id).toBe(session?.accessKeyId);
    const told = JSON.stringify([issued.handle, world.provider.plan(wanted).preview]);
    expect(told).not.toContain(session?.secretAccessKey);
    expect(told).not.toContain(world.broker.secretAccessKey);
  });

  it('lets the session end at the deadline of a grant of five minutes, though its keys live for fifteen', async () => {
    world = await awsWorld();
    const issued = await world.issue({ length: 5 * minute });
    expect(issued.expiresAt - world.clock.now()).toBeGreaterThan(14 * minute);
    expect(world.aws.account.usable()).toHaveLength(1);
    world.aws.advance(5 * minute - 2_000);
    expect(world.aws.account.usable()).toHaveLength(1);
    world.aws.advance(2_000);
    expect(world.aws.account.usable()).toHaveLength(0);
    expect(world.aws.account.live()).toHaveLength(1);
  });

  it('narrows a session to its scope, with the variables filled in', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: jit fills it in
    const statements = [{ Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::${jit.principal}/*' }];
    const roles = { deploy: { role_arn: roleOf('deploy'), scopes: { own: { statements } } } };
    world = await awsWorld({}, roles);
    await world.issue({ scope: 'own' });
    expect(world.aws.account.usable('s3:GetObject', 'arn:aws:s3:::alice/key')).toHaveLength(1);
    expect(world.aws.account.usable('s3:GetObject', 'arn:aws:s3:::bob/key')).toHaveLength(0);
    expect(world.aws.account.usable('ec2:RunInstances', '*')).toHaveLength(0);
  });

  it('keeps the time box beside managed session policies', async () => {
    const managed_policies = ['arn:aws:iam::aws:policy/ReadOnlyAccess'];
    world = await awsWorld(
      {},
      { deploy: { role_arn: roleOf('deploy'), scopes: { read: { managed_policies } } } },
    );
    await world.issue({ scope: 'read', length: 5 * minute });
    expect(world.aws.account.usable('s3:GetObject')).toHaveLength(1);
    expect(world.aws.account.usable('s3:PutObject')).toHaveLength(0);
    world.aws.advance(5 * minute);
    expect(world.aws.account.usable('s3:GetObject')).toHaveLength(0);
  });

  it('goes through a chain, keeps to its hour and asks to be refreshed', async () => {
    const roles = { deploy: { role_arn: roleOf('deploy'), chain: [roleOf('hub')] } };
    world = await awsWorld({}, roles, { maxSession: 43_200 });
    const trust = {
      Statement: [{ Effect: 'Allow' as const, Principal: { AWS: world.broker.arn }, Action: 'sts:*' }],
    };
    world.aws.account.addRole('hub', trust, [{ Statement: [{ Effect: 'Allow', Action: 'sts:*' }] }]);
    const wanted = world.request({ length: 120 * minute });
    const plan = world.provider.plan(wanted);
    expect(plan.preview.join('\n')).toContain('AWS caps chained roles at 1h');
    const issued = await world.provider.issue(plan.handle, wanted, AbortSignal.timeout(30_000));
    expect(issued.expiresAt - world.clock.now()).toBeLessThanOrEqual(60 * minute);
    expect((issued.refreshAt ?? 0) - world.clock.now()).toBeGreaterThan(39 * minute);
    world.aws.advance(40 * minute);
    const next = await world.provider.refresh?.(
      issued.handle,
      wanted,
      AbortSignal.timeout(30_000),
      () => undefined,
    );
    expect(next?.expiresAt).toBeGreaterThan(issued.expiresAt);
    world.aws.advance(40 * minute);
    const last = await world.provider.refresh?.(
      issued.handle,
      wanted,
      AbortSignal.timeout(30_000),
      () => undefined,
    );
    expect(last?.refreshAt).toBeNull();
    for (const session of world.aws.account.live().filter((one) => one.role?.name === 'deploy')) {
      expect(session.expiration).toBeLessThanOrEqual(plan.hardDeadline);
    }
    expect(world.aws.account.identities.get(issued.handle.access_key_id ?? '')?.sourceIdentity).toBe('alice');
  });

  it('serves what was refreshed last from the endpoint, and nothing after the deadline', async () => {
    world = await awsWorld();
    const wanted = world.request({ length: 120 * minute });
    const { handle } = world.provider.plan(wanted);
    const issued = await world.provider.issue(handle, wanted, AbortSignal.timeout(30_000));
    const endpoint = issued.handOut.endpoints?.[0];
    const first = JSON.parse(endpoint?.answer().reveal() ?? '');
    expect(first.AccessKeyId).toBe(issued.handle.access_key_id);
    world.aws.advance(40 * minute);
    await world.provider.refresh?.(issued.handle, wanted, AbortSignal.timeout(30_000), () => undefined);
    expect(JSON.parse(endpoint?.answer().reveal() ?? '').AccessKeyId).not.toBe(first.AccessKeyId);
    world.aws.advance(80 * minute);
    expect(() => endpoint?.answer()).toThrow(expect.objectContaining({ code: 'ERR_GRANT_ENDED' }));
  });

  it('serves no keys that are over because nothing renewed them, and does not call that the end of the grant', async () => {
    world = await awsWorld();
    const { handOut } = await world.issue({ length: 120 * minute });
    world.aws.advance(60 * minute);
    const told = expect.objectContaining({ code: 'ERR_TARGET_UNREACHABLE' });
    expect(() => handOut.endpoints?.[0]?.answer()).toThrow(told);
    expect(() => handOut.helpers?.['aws']?.()).toThrow(told);
  });

  it('makes no second session where the first one covers the grant', async () => {
    world = await awsWorld();
    const wanted = world.request({ length: 5 * minute });
    const issued = await world.provider.issue(
      world.provider.plan(wanted).handle,
      wanted,
      AbortSignal.timeout(30_000),
    );
    const again = await world.provider.refresh?.(
      issued.handle,
      wanted,
      AbortSignal.timeout(30_000),
      () => undefined,
    );
    expect(again).toEqual({ expiresAt: issued.expiresAt, refreshAt: null });
    expect(world.aws.count('AssumeRole')).toBe(1);
  });

  it('asks STS once for a hundred callers of one lease', async () => {
    world = await awsWorld();
    world.aws.fault({ action: 'AssumeRole', kind: 'slow', delay: 100 });
    const wanted = world.request();
    const { handle } = world.provider.plan(wanted);
    const all = await Promise.all(
      Array.from({ length: 100 }, () => world.provider.issue(handle, wanted, AbortSignal.timeout(30_000))),
    );
    expect(new Set(all.map((one) => one.handle.access_key_id)).size).toBe(1);
    expect(world.aws.count('AssumeRole')).toBe(1);
  });

  it.each([
    ['throttle', 1],
    ['internal', 1],
    ['unavailable', 1],
    ['reset', 1],
    ['malformed', 2],
    ['lost', 2],
  ] as const)(
    'gets over one answer of the kind %s, and knows all %i sessions by the name of the lease',
    async (kind, made) => {
      world = await awsWorld();
      world.aws.fault({ action: 'AssumeRole', kind });
      const issued = await world.issue();
      const live = world.aws.account.live();
      expect(live).toHaveLength(made);
      expect(live.every((one) => one.tags['jit:lease'] === issued.handle.lease)).toBe(true);
    },
  );

  it.each([
    ['throttle', 'ERR_TARGET_UNREACHABLE', 0],
    ['internal', 'ERR_TARGET_UNREACHABLE', 0],
    ['malformed', 'ERR_REVOKE_INCOMPLETE', 4],
    ['lost', 'ERR_REVOKE_INCOMPLETE', 4],
    ['gateway', 'ERR_REVOKE_INCOMPLETE', 0],
  ] as const)('says what may exist when every answer is of the kind %s', async (kind, code, made) => {
    world = await awsWorld();
    world.aws.fault({ action: 'AssumeRole', kind, times: 9 });
    expect(await codeOf(world.issue())).toBe(code);
    expect(world.aws.account.live()).toHaveLength(made);
  });

  it('says that nothing was made when nobody listens', async () => {
    world = await awsWorld({ endpoints: { sts: 'http://127.0.0.1:1', iam: 'http://127.0.0.1:1' } });
    expect(await codeOf(world.issue())).toBe('ERR_TARGET_UNREACHABLE');
  });

  it('refuses a clock that is ten minutes off, and makes nothing', async () => {
    world = await awsWorld();
    world.aws.skew = 10 * minute;
    expect(await codeOf(world.issue())).toBe('ERR_CLOCK');
    expect(world.aws.account.live()).toHaveLength(0);
  });

  it('says what an administrator has to change when AWS refuses', async () => {
    world = await awsWorld();
    world.aws.account.roles.clear();
    await expect(world.issue()).rejects.toSatisfy((thrown) => hasCode(thrown, 'ERR_TARGET_REFUSED'));
  });

  it('says once that the broker has to log in again when its key is not valid', async () => {
    world = await awsWorld();
    world.aws.account.identities.clear();
    const all = await Promise.all(Array.from({ length: 5 }, () => codeOf(world.issue())));
    expect(new Set(all)).toEqual(new Set(['ERR_SECRET_UNAVAILABLE']));
  });
});

describe('MFA', () => {
  const serial = 'arn:aws:iam::123456789012:mfa/jit-broker';

  it('asks once for a hundred grants', async () => {
    world = await awsWorld({ mfa_serial: serial }, undefined, { canAsk: true });
    world.aws.mfaCodes.set(serial, '123456');
    await Promise.all(Array.from({ length: 100 }, () => world.issue()));
    expect(world.asked).toEqual([`MFA code of ${serial} for aws-prod`]);
    expect(world.aws.count('GetSessionToken')).toBe(1);
    // On a machine that stalls, a call without an answer is made again: under the same name, for the same lease.
    expect(new Set(world.aws.account.live().map(({ tags }) => tags['jit:lease'])).size).toBe(100);
  });

  it('asks nobody for work in the background', async () => {
    world = await awsWorld({ mfa_serial: serial }, undefined, { canAsk: true });
    world.aws.mfaCodes.set(serial, '123456');
    const reconcile = () => world.provider.reconcile?.([], AbortSignal.timeout(30_000));
    await reconcile();
    expect(world.asked).toEqual([]);
    expect(world.aws.calls).toEqual([]);
    await world.issue();
    await reconcile();
    expect(world.aws.count('GetRolePolicy')).toBe(1);
    expect(world.asked).toHaveLength(1);
  });

  it('takes the code of a program', async () => {
    world = await awsWorld({ mfa_serial: serial, mfa_process: 'command:otp aws' });
    world.aws.mfaCodes.set(serial, '654321');
    await world.issue();
    expect(world.asked).toEqual(['command:otp aws']);
  });

  it('fails at once where nobody can be asked', async () => {
    world = await awsWorld({ mfa_serial: serial });
    expect(await codeOf(world.issue())).toBe('ERR_SECRET_UNAVAILABLE');
    expect(world.aws.calls).toHaveLength(0);
  });
});

describe('planning on AWS', () => {
  const plan = (changes: Partial<PlanRequest> & { length?: number } = {}) =>
    world.provider.plan(world.request(changes));

  it('says before anything is made when a session would outlive its grant', async () => {
    world = await awsWorld();
    const { hardDeadline, preview } = plan({ length: 5 * minute });
    expect(hardDeadline - world.clock.now()).toBeGreaterThan(14 * minute);
    expect(preview.join('\n')).toContain('for less than 15m');
  });

  it('shows the policy that will hold', async () => {
    world = await awsWorld();
    expect(plan().preview.join('\n')).toContain('"DateGreaterThanEquals": { "aws:CurrentTime"');
  });

  it('refuses a role and a scope that the target lacks', async () => {
    world = await awsWorld();
    expect(() => plan({ role: 'nope' })).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_NAME' }));
    expect(() => plan({ scope: 'nope' })).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_NAME' }));
  });
});
