// Taking single sessions back through the broker and its endpoints: one and no other, within the role's policy, many at once.

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { inlineQuota } from '../../src/providers/aws/deny-document.ts';
import { type AwsBroker, askEndpoint, awsBroker } from '../support/aws-broker.ts';
import { until } from '../support/until.ts';

const minute = 60_000;

let world: AwsBroker;
beforeEach(async () => {
  world = await awsBroker();
});
afterEach(() => world.remove());

const sessionsOf = ({ grant }: ElevateReply) => world.account.sessionsOf(world.lease(grant.id).id);
const isUsable = (reply: ElevateReply): boolean => sessionsOf(reply).some(world.account.isUsable);
const states = (replies: readonly ElevateReply[]) => replies.map(({ grant }) => world.lease(grant.id).state);

/** What the role's inline policies counted at each write so far. */
function writtenSizes(): number[] {
  return world.aws.calls
    .filter(({ action, outcome }) => action === 'PutRolePolicy' && outcome === 'ok')
    .map(({ params }) => params.get('PolicyDocument')?.length ?? 0);
}

/** Several at a time: each opens an endpoint. */
async function many(count: number): Promise<ElevateReply[]> {
  const replies: ElevateReply[] = [];
  while (replies.length < count) {
    const wanted = Math.min(20, count - replies.length);
    replies.push(...(await Promise.all(Array.from({ length: wanted }, () => world.elevate()))));
  }
  return replies;
}

/** Something else of the role's policies, so long that only this many characters are left. */
function leaveRoom(room: number): void {
  const role = world.account.role('deploy');
  const empty = { Statement: [{ Effect: 'Deny', Action: 's3:DeleteBucket', Resource: '' }] } as const;
  const [statement] = empty.Statement;
  const filler = 'x'.repeat(inlineQuota - room - JSON.stringify(empty).length);
  const policy = { Statement: [{ ...statement, Resource: filler }] };
  role.inline.set('filler', { document: JSON.stringify(policy), policy });
}

test('session A is taken back and refused; session B of the same role goes on, and so does its endpoint', async () => {
  const [a, b] = [await world.elevate(), await world.elevate()];
  const before = await askEndpoint(b);
  expect((await world.revoke(a.grant.id)).revoked).toHaveLength(1);
  expect([isUsable(a), isUsable(b)]).toEqual([false, true]);
  expect((await askEndpoint(a)).status).toBe(410);
  expect(await askEndpoint(b)).toEqual(before);
  expect(before.status).toBe(200);
  expect(JSON.parse(before.body).AccessKeyId).toBe(sessionsOf(b)[0]?.accessKeyId);
  expect(states([a, b])).toEqual(['revoked', 'active']);
});

test('200 sessions taken back within half an hour fit into the policy, which is gone when all have ended', async () => {
  const replies = await many(200);
  const bystander = await world.elevate({ duration: 60 * minute });
  for (let start = 0; start < replies.length; start += 25) {
    const batch = replies.slice(start, start + 25);
    await Promise.all(batch.map(({ grant }) => world.revoke(grant.id)));
    expect(batch.some(isUsable)).toBe(false);
    world.advance(3 * minute);
  }
  expect(new Set(states(replies))).toEqual(new Set(['revoked']));
  expect(isUsable(bystander)).toBe(true);
  expect(writtenSizes().length).toBeGreaterThan(8);
  expect(Math.max(...writtenSizes())).toBeLessThan(inlineQuota / 2);
  expect(world.account.policySize('deploy')).toBe(Math.max(...writtenSizes()));
  await world.revoke(bystander.grant.id);
  world.advance(130 * minute);
  await world.reconcile();
  expect(world.account.role('deploy').inline.size).toBe(0);
}, 120_000);

test('200 sessions taken back one after the other over a day need no more room than those of two hours', async () => {
  for (let count = 0; count < 200; count += 1) {
    const reply = await world.elevate();
    await world.revoke(reply.grant.id);
    expect(isUsable(reply)).toBe(false);
    world.advance(8 * minute);
  }
  expect(world.events('lease.revoked')).toHaveLength(200);
  expect(Math.max(...writtenSizes())).toBeLessThan(900);
  world.advance(130 * minute);
  await world.reconcile();
  expect(world.account.role('deploy').inline.size).toBe(0);
}, 120_000);

test('of more sessions than fit those that fit are denied, and the others are told as not taken back', async () => {
  const replies = await many(12);
  // About five of them.
  leaveRoom(270);
  await Promise.all(replies.map(({ grant }) => world.revoke(grant.id)));
  // At once, not only when chance brings few enough of them together.
  expect(replies.filter((reply) => !isUsable(reply)).length).toBeGreaterThanOrEqual(4);
  await until(() => {
    world.hasten();
    expect(states(replies).filter((state) => state === 'revoked').length).toBe(
      replies.filter((reply) => !isUsable(reply)).length,
    );
  });
  const left = replies.filter(isUsable);
  expect(left.length).toBeGreaterThanOrEqual(6);
  await until(() => {
    world.hasten();
    for (const { grant } of left) {
      expect(world.lease(grant.id)).toMatchObject({
        state: 'overdue',
        accessEndedAt: null,
        lastError: 'ERR_TARGET_REFUSED',
      });
    }
  });
  for (const reply of left) expect((await askEndpoint(reply)).status).toBe(410);
  expect(world.events('lease.overdue').length).toBeGreaterThanOrEqual(left.length);
  // They end by their time box all the same.
  world.advance(30 * minute);
  await until(() => {
    world.hasten();
    expect(new Set(states(replies))).toEqual(new Set(['revoked']));
  });
  expect(replies.some(isUsable)).toBe(false);
}, 60_000);

test('room that comes back is used at the next attempt', async () => {
  const reply = await world.elevate();
  leaveRoom(10);
  expect((await world.revoke(reply.grant.id)).overdue).toHaveLength(1);
  expect(isUsable(reply)).toBe(true);
  world.account.role('deploy').inline.delete('filler');
  await until(() => {
    world.hasten();
    expect(states([reply])).toEqual(['revoked']);
  });
  expect(isUsable(reply)).toBe(false);
});
