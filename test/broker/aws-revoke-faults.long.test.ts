// AWS failing, or being changed by others, while a session is taken back: nothing is called revoked that works.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { denyPolicyName } from '../../src/providers/aws/names.ts';
import type { Policy } from '../fakes/sts/policy.ts';
import type { Fault } from '../fakes/sts/server.ts';
import { type AwsBroker, askEndpoint, awsBroker } from '../support/aws-broker.ts';
import { until } from '../support/until.ts';

const minute = 60_000;
/** As often as jit asks before it gives up for a while. */
const tries = 4;

let world: AwsBroker;
beforeEach(async () => {
  world = await awsBroker();
});
afterEach(() => world.remove());

const usable = () => world.account.sessionsOf(world.lease().id).filter(world.account.isUsable);
const policyName = () => denyPolicyName(world.broker.ledger.store.origin);
const ours = () => world.account.role('deploy').inline.get(policyName())?.document ?? '';

/** As a person or another program does in IAM. */
function putPolicy(name: string, policy: Policy): void {
  const role = world.account.role('deploy');
  role.inline.set(name, { document: JSON.stringify(policy), policy });
  world.aws.account.settle(role);
}

/** Time passes until what was tried in vain is tried again, and has been done long before the deadline. */
async function untilRevoked(): Promise<void> {
  await until(() => {
    world.hasten();
    expect(world.lease().state).toBe('revoked');
  });
  expect(world.lease().revokedAt).toBeLessThan(world.lease().deadline - 5 * minute);
}

describe('a fault that passes while a session is taken back', () => {
  test.each<[string, Fault]>([
    ['IAM throttles the reading', { action: 'GetRolePolicy', kind: 'throttle', times: 2 }],
    ['IAM throttles the writing', { action: 'PutRolePolicy', kind: 'throttle', times: 2 }],
    ['reading the policy fails', { action: 'GetRolePolicy', kind: 'internal' }],
    ['half a policy is read', { action: 'GetRolePolicy', kind: 'malformed' }],
    ['writing the policy fails', { action: 'PutRolePolicy', kind: 'unavailable' }],
    ['the answer to the writing is lost', { action: 'PutRolePolicy', kind: 'lost' }],
    ['the writing is answered by half', { action: 'PutRolePolicy', kind: 'malformed' }],
    ['the probe is not answered', { action: 'GetAccessKeyInfo', kind: 'lost', times: 2 }],
    ['the probe is throttled', { action: 'GetAccessKeyInfo', kind: 'throttle', times: 2 }],
  ])('%s: it is denied and seen to be, at the first attempt', async (_what, fault) => {
    // So that there is a policy to read.
    await world.revoke((await world.elevate()).grant.id);
    const { grant } = await world.elevate();
    world.aws.fault(fault);
    expect((await world.revoke(grant.id)).revoked).toHaveLength(1);
    expect(usable()).toEqual([]);
    expect(ours().split(world.lease().id)).toHaveLength(2);
  });
});

describe('a fault that stays while a session is taken back', () => {
  test.each<[string, Fault, number]>([
    ['IAM throttles the writing', { action: 'PutRolePolicy', kind: 'throttle', times: tries }, 1],
    ['reading the policy fails', { action: 'GetRolePolicy', kind: 'internal', times: tries }, 1],
    ['no connection to IAM lives long enough', { action: 'GetRolePolicy', kind: 'reset', times: tries }, 1],
    ['every answer to the writing is lost', { action: 'PutRolePolicy', kind: 'lost', times: tries }, 0],
  ])('%s: the lease stays open and says so, and the next attempt ends it', async (_what, fault, left) => {
    const reply = await world.elevate();
    world.aws.fault(fault);
    const { revoked, overdue } = await world.revoke(reply.grant.id);
    expect([revoked.length, overdue.length]).toEqual([0, 1]);
    expect(world.lease()).toMatchObject({
      state: 'revoking',
      attempts: 1,
      lastError: 'ERR_TARGET_UNREACHABLE',
    });
    expect(usable()).toHaveLength(left);
    expect((await askEndpoint(reply)).status).toBe(410);
    await untilRevoked();
    expect(usable()).toEqual([]);
    expect(world.events('lease.revoked')).toHaveLength(1);
  });

  test('nobody can be asked whether the Deny works: the lease stays open, and shouts, until somebody answers', async () => {
    const { grant } = await world.elevate();
    world.aws.fault({ action: 'GetAccessKeyInfo', kind: 'reset', times: 1_000 });
    const answer = world.revoke(grant.id);
    await until(() => {
      world.hasten();
      expect(world.lease().attempts).toBeGreaterThan(1);
    });
    expect((await answer).overdue).toHaveLength(1);
    expect(world.lease()).toMatchObject({ state: 'overdue', accessEndedAt: null });
    expect(world.events('lease.overdue')).toHaveLength(1);
    expect(usable()).toEqual([]);
    world.aws.calm();
    await untilRevoked();
  });

  test('the role was deleted meanwhile: the lease stays open until AWS has ended the session by itself', async () => {
    const { grant } = await world.elevate();
    world.aws.account.roles.delete('deploy');
    expect((await world.revoke(grant.id)).overdue).toHaveLength(1);
    expect(world.lease().lastError).toBe('ERR_TARGET_REFUSED');
    world.advance(29 * minute);
    await until(() => expect(world.lease().attempts).toBeGreaterThan(1));
    expect(world.lease().state).toBe('overdue');
    world.advance(minute);
    await until(() => expect(world.lease().state).toBe('revoked'));
    expect(usable()).toEqual([]);
  });
});

test('where nothing may be denied and nobody can be asked, the lease is open until AWS has ended the session', async () => {
  const reply = await world.elevate({ role: 'plain', duration: 5 * minute });
  await askEndpoint(reply);
  world.aws.fault({ action: 'GetAccessKeyInfo', kind: 'reset', times: 1_000 });
  const live = () =>
    world.account
      .sessionsOf(world.lease().id)
      .filter(({ expiration }) => (expiration ?? 0) > world.aws.account.now());
  world.advance(5 * minute);
  for (let passed = 5; passed < 20; passed += 1) {
    await until(() => expect(world.lease().nextAttemptAt ?? Infinity).toBeGreaterThan(world.clock.now()));
    if (live().length > 0) expect(world.lease().state).not.toBe('revoked');
    if (world.lease().state === 'revoked') break;
    world.advance(minute);
  }
  await until(() => expect(world.lease().state).toBe('revoked'));
  expect(live()).toEqual([]);
  expect(world.events('lease.overdue')).toEqual([]);
});

describe('the ordinary end of a grant', () => {
  test.each([
    ['deploy', 5],
    ['deploy', 15],
    ['deploy', 30],
    ['plain', 5],
    ['plain', 30],
  ])(
    'a session of role %s that lasts %i minutes needs no change of a policy, and no other session',
    async (role, length) => {
      const reply = await world.elevate({ role, duration: length * minute });
      await askEndpoint(reply);
      world.advance(length * minute);
      await until(() => expect(world.lease().state).toBe('revoked'));
      expect(world.lease().attempts).toBe(0);
      expect(usable()).toEqual([]);
      expect(world.aws.count('PutRolePolicy')).toBe(0);
      expect(world.aws.count('AssumeRole')).toBe(1);
    },
  );
});

describe('a policy that others change as well', () => {
  const statement = { Effect: 'Deny', Action: 's3:DeleteBucket', Resource: '*' } as const;

  test('another broker’s policy of the role stays as it is', async () => {
    const other = 'jit-deny-sessions-0123456789abcdef';
    const { grant } = await world.elevate();
    putPolicy(other, { Statement: [statement] });
    expect((await world.revoke(grant.id)).revoked).toHaveLength(1);
    expect(world.account.role('deploy').inline.get(other)?.document).toBe(
      JSON.stringify({ Statement: [statement] }),
    );
  });

  test('statements that somebody wrote into jit’s own policy are kept', async () => {
    const { grant } = await world.elevate();
    putPolicy(policyName(), { Statement: [{ Sid: 'ByHand', ...statement }] });
    expect((await world.revoke(grant.id)).revoked).toHaveLength(1);
    expect(ours()).toContain('ByHand');
    world.advance(120 * minute);
    await world.reconcile();
    expect(JSON.parse(ours()).Statement).toEqual([{ Sid: 'ByHand', ...statement }]);
  });

  test('a Deny that somebody takes out before it was seen to work is put in again', async () => {
    const { grant } = await world.elevate();
    world.aws.account.propagation = 60 * minute;
    const answer = world.revoke(grant.id);
    await until(() => expect(ours()).toContain(world.lease().id));
    const role = world.account.role('deploy');
    role.inline.clear();
    world.aws.account.propagation = 0;
    world.aws.account.settle(role);
    await untilRevoked();
    await answer;
    expect(ours()).toContain(world.lease().id);
    expect(usable()).toEqual([]);
  });

  test('a Deny that somebody weakened before it was seen to work is mended', async () => {
    const { grant } = await world.elevate();
    world.aws.account.propagation = 60 * minute;
    const answer = world.revoke(grant.id);
    await until(() => expect(ours()).toContain(world.lease().id));
    world.aws.account.propagation = 0;
    putPolicy(policyName(), JSON.parse(ours().replace('"Action":"*"', '"Action":"iam:*"')));
    await untilRevoked();
    await answer;
    expect(ours()).toContain('"Action":"*"');
    expect(usable()).toEqual([]);
  });
});
