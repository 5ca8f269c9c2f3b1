// AWS failing while a credential is made: a clear error or a retry, never half a grant, never a session that no lease covers.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../fakes/sts/server.ts';
import { type AwsBroker, askEndpoint, awsBroker } from '../support/aws-broker.ts';
import { until } from '../support/until.ts';

const minute = 60_000;
/** As often as jit asks before it gives up. */
const tries = 4;

let world: AwsBroker;
beforeEach(async () => {
  world = await awsBroker();
});
afterEach(() => world.remove());

const assume = (fault: Omit<Fault, 'action'>): void => world.aws.fault({ action: 'AssumeRole', ...fault });
const sessions = () => world.account.sessionsOf(world.lease().id);
const usable = () => sessions().filter(world.account.isUsable);

/** Nothing of the grant is there: no right, no file, no endpoint. */
function expectNothingHalfMade(): void {
  const grant = world.broker.ledger.grant(world.lease().grant);
  expect(grant).toMatchObject({ state: 'ended', startedAt: null, endCause: 'issue-failed' });
  expect(world.handedOut()).toEqual([]);
  expect(world.broker.endpoints.size).toBe(0);
  expect(world.events('lease.issued')).toEqual([]);
  expect(world.events('lease.handed_out')).toEqual([]);
}

describe('a fault that passes', () => {
  test.each<[string, Omit<Fault, 'action'>, number]>([
    ['an answer that is slow, and in time', { kind: 'slow', delay: 4_500 }, 1],
    ['an answer that is too slow, and whose session nobody hears of', { kind: 'slow', delay: 6_500 }, 2],
    ['an internal error', { kind: 'internal' }, 1],
    ['three internal errors in a row', { kind: 'internal', times: 3 }, 1],
    ['a service that is unavailable', { kind: 'unavailable' }, 1],
    ['throttling', { kind: 'throttle', times: 2 }, 1],
    ['the error page of a gateway', { kind: 'gateway' }, 1],
    ['a connection that breaks before anything is done', { kind: 'reset' }, 1],
    ['a connection that breaks after the session was made', { kind: 'lost' }, 2],
    ['half an answer', { kind: 'malformed' }, 2],
  ])('%s: the grant is made, and taking it back covers every session', async (_what, fault, made) => {
    assume(fault);
    const reply = await world.elevate();
    expect(reply.grant.state).toBe('active');
    await until(() => expect(sessions()).toHaveLength(made));
    const served = JSON.parse((await askEndpoint(reply)).body);
    expect(sessions().map(({ accessKeyId }) => accessKeyId)).toContain(served.AccessKeyId);
    expect(world.events('lease.issued')).toHaveLength(1);
    expect((await world.revoke(reply.grant.id)).revoked).toHaveLength(1);
    expect(usable()).toEqual([]);
  });
});

describe('a fault that stays, where nothing was made', () => {
  test.each<[string, Omit<Fault, 'action'>]>([
    ['internal errors', { kind: 'internal', times: tries }],
    ['a service that is unavailable', { kind: 'unavailable', times: tries }],
    ['throttling', { kind: 'throttle', times: tries }],
  ])('%s: the caller hears that AWS cannot now, and nothing is open', async (_what, fault) => {
    assume(fault);
    await expect(world.elevate()).rejects.toMatchObject({
      code: 'ERR_TARGET_UNREACHABLE',
      message: expect.stringContaining('AWS of target "aws-prod" cannot assume role'),
    });
    expectNothingHalfMade();
    expect(world.lease().state).toBe('revoked');
    expect(sessions()).toEqual([]);
    expect(world.aws.count('PutRolePolicy')).toBe(0);
  });

  test.each([
    ['ahead', 10 * minute],
    ['behind', -10 * minute],
  ])('a clock of AWS that is ten minutes %s: the caller is told to set the clock', async (_what, skew) => {
    world.aws.skew = skew;
    await expect(world.elevate()).rejects.toMatchObject({
      code: 'ERR_CLOCK',
      hint: expect.stringContaining('NTP'),
    });
    expectNothingHalfMade();
    expect(world.lease().state).toBe('revoked');
    expect(sessions()).toEqual([]);
    expect(world.aws.count('AssumeRole')).toBe(1);
  });
});

describe('a fault that stays, where a session may have been made', () => {
  test.each<[string, Omit<Fault, 'action'>, number]>([
    ['answers that are lost', { kind: 'lost', times: tries }, tries],
    ['half answers', { kind: 'malformed', times: tries }, tries],
    ['error pages of a gateway', { kind: 'gateway', times: tries }, 0],
    ['connections that break', { kind: 'reset', times: tries }, 0],
    ['one lost answer and then throttling', { kind: 'lost' }, 1],
  ])('%s: the caller hears of it, and AWS refuses what nobody holds', async (what, fault, made) => {
    assume(fault);
    if (what.includes('throttling')) assume({ kind: 'throttle', times: tries - 1 });
    await expect(world.elevate()).rejects.toMatchObject({
      code: 'ERR_REVOKE_INCOMPLETE',
      message: expect.stringContaining('a session may exist that nobody holds the keys of'),
    });
    expectNothingHalfMade();
    await until(() => expect(world.lease().state).toBe('revoked'));
    // And the one that stood in to see the Deny work.
    expect(sessions()).toHaveLength(made + 1);
    expect(usable()).toEqual([]);
    const steps = world.events('lease.step').map(({ data }) => (data as { step: string }).step);
    expect(steps).toEqual(['undisclosed', 'deny-added', 'denied']);
  });

  test('an AWS that never answers: the caller waits as long as a call may take, and no longer', async () => {
    await world.remove();
    world = await awsBroker({ call: 1_500 });
    assume({ kind: 'hang' });
    await expect(world.elevate()).rejects.toMatchObject({
      code: 'ERR_REVOKE_INCOMPLETE',
      message: expect.stringContaining('no answer in time'),
    });
    expectNothingHalfMade();
    await until(() => expect(world.lease().state).toBe('revoked'));
    expect(usable()).toEqual([]);
  });

  test('a session that AWS makes when nobody waits for it any more is denied already', async () => {
    await world.remove();
    world = await awsBroker({ call: 1_500 });
    assume({ kind: 'slow', delay: 4_000 });
    await expect(world.elevate()).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    await until(() => expect(world.lease().state).toBe('revoked'));
    const before = sessions().length;
    await until(() => expect(sessions()).toHaveLength(before + 1));
    expect(usable()).toEqual([]);
  });

  test('an AWS that stays away: the session is denied, and not called revoked before that was seen', async () => {
    assume({ kind: 'lost', times: 100 });
    const answer = world.elevate().then(
      () => 'a grant',
      (error) => error.code,
    );
    await until(() => expect(world.aws.count('PutRolePolicy')).toBe(1));
    await until(() => {
      world.hasten();
      expect(world.lease().attempts).toBeGreaterThan(0);
    });
    expect(await answer).toBe('ERR_REVOKE_INCOMPLETE');
    expectNothingHalfMade();
    expect(['revoking', 'overdue']).toContain(world.lease().state);
    expect(usable()).toEqual([]);
    world.aws.calm();
    await until(() => {
      world.hasten();
      expect(world.lease().state).toBe('revoked');
    });
  });

  test.each([
    ['ahead', 10 * minute],
    ['behind', -10 * minute],
  ])(
    'an expiry that is ten minutes %s: nothing is handed out, and the session is denied',
    async (_what, offset) => {
      world.aws.account.offset = offset;
      await expect(world.elevate()).rejects.toMatchObject({
        code: 'ERR_REVOKE_INCOMPLETE',
        message: expect.stringContaining('10 minutes off'),
        hint: expect.stringContaining('NTP'),
      });
      expectNothingHalfMade();
      await until(() => expect(world.lease().state).toBe('revoked'));
      expect(sessions().length).toBeGreaterThan(0);
      expect(usable()).toEqual([]);
    },
  );

  test.each([
    ['ahead', 4 * minute],
    ['behind', -4 * minute],
  ])(
    'a clock of AWS that is four minutes %s is taken, and nothing works after the end',
    async (_what, skew) => {
      world.aws.skew = skew;
      world.aws.account.offset = skew;
      const reply = await world.elevate({ duration: 5 * minute });
      world.advance(5 * minute);
      await until(() => expect(world.lease(reply.grant.id).state).toBe('revoked'));
      expect(usable()).toEqual([]);
    },
  );
});

describe('a grant that ends while AWS is slow to answer', () => {
  test.each([['deploy'], ['plain']])(
    'of role %s: what AWS made then is taken back, and handed to nobody',
    async (role) => {
      assume({ kind: 'slow', delay: 1_000 });
      const answer = world.elevate({ role }).then(
        () => 'a grant',
        (error) => error.code,
      );
      await until(() => expect(world.aws.count('AssumeRole')).toBe(1));
      const { revoked, ending } = await world.revoke(world.lease().grant);
      expect(await answer).toBe('ERR_CONFLICT');
      expect(world.handedOut()).toEqual([]);
      expect(world.broker.endpoints.size).toBe(0);
      expect(world.events('lease.handed_out')).toEqual([]);
      expect([revoked.length, ending.length]).toEqual(role === 'plain' ? [0, 1] : [1, 0]);
      expect(world.lease().state).toBe(role === 'plain' ? 'revoking' : 'revoked');
      expect(usable()).toHaveLength(role === 'plain' ? 1 : 0);
    },
  );
});

describe('where nothing may be denied', () => {
  test('a session whose answer was lost keeps its lease open until AWS has ended it', async () => {
    assume({ kind: 'lost', times: tries });
    await expect(world.elevate({ role: 'plain' })).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    expectNothingHalfMade();
    const lease = world.lease();
    expect(lease).toMatchObject({ state: 'revoking', revokedAt: null });
    expect(world.broker.irrevocable.get(lease.id)).toBe(lease.deadline);
    expect(usable()).toHaveLength(tries);
    // Nobody was given a key: whoever looks at the status need not fear for it.
    expect(lease.accessEndedAt).not.toBeNull();
    for (let passed = 0; passed < 28; passed += 4) {
      world.advance(4 * minute);
      await until(() => expect(world.lease().nextAttemptAt).toBeGreaterThan(world.clock.now()));
      expect(world.lease().state).toBe('revoking');
    }
    expect(usable()).toHaveLength(tries);
    for (let passed = 0; passed < 6; passed += 1) {
      world.advance(minute);
      await until(() => expect(world.lease().nextAttemptAt ?? Infinity).toBeGreaterThan(world.clock.now()));
      if (world.lease().state === 'revoked') expect(usable()).toEqual([]);
    }
    expect(world.lease().state).toBe('revoked');
    expect(world.events('lease.overdue')).toEqual([]);
  });

  test('a session that AWS still lets pass after the deadline, because its clock is late, is not called revoked', async () => {
    world.aws.skew = -4 * minute;
    world.aws.account.offset = -4 * minute;
    const reply = await world.elevate({ role: 'plain', duration: 5 * minute });
    await askEndpoint(reply);
    world.advance(5 * minute);
    await until(() => expect(world.lease().attempts).toBeGreaterThan(0));
    expect(world.lease()).toMatchObject({ state: 'revoking', accessEndedAt: null });
    expect(usable()).toHaveLength(1);
    world.advance(4 * minute);
    await until(() => expect(world.lease().state).toBe('revoked'));
    expect(usable()).toEqual([]);
  });
});

describe('a grant that needs several sessions', () => {
  /** The first session lasts 15 minutes; after ten it is time for the next. */
  const elevateLong = () => world.elevate({ role: 'short', duration: 60 * minute });
  const key = async (reply: Awaited<ReturnType<typeof elevateLong>>) =>
    JSON.parse((await askEndpoint(reply)).body).AccessKeyId;

  test('a session whose answer is lost at a refresh is taken back with the others', async () => {
    const reply = await elevateLong();
    const first = await key(reply);
    assume({ kind: 'lost' });
    world.advance(10 * minute);
    await until(async () => expect(await key(reply)).not.toBe(first));
    expect(sessions()).toHaveLength(3);
    expect((await world.revoke(reply.grant.id)).revoked).toHaveLength(1);
    expect(usable()).toEqual([]);
  });

  test('throttled at a refresh, the endpoint serves what it has, and the new session when AWS gives one', async () => {
    const reply = await elevateLong();
    const first = await key(reply);
    assume({ kind: 'throttle', times: tries });
    world.advance(10 * minute);
    await until(() => expect(world.lease().lastError).toBe('ERR_TARGET_UNREACHABLE'));
    expect(await key(reply)).toBe(first);
    world.advance(minute);
    await until(async () => expect(await key(reply)).not.toBe(first));
    expect(world.lease().lastError).toBeNull();
    expect(world.events('lease.step').map(({ data }) => data)).toEqual([
      { step: 'not-refreshed', facts: { code: 'ERR_TARGET_UNREACHABLE' } },
    ]);
  });
});
