// Extending: another session for a later end, under the names and the Deny of the first.

import { afterEach, describe, expect, it } from 'vitest';
import { type AwsWorld, awsWorld, listen, minute, roleOf } from '../../support/aws-target.ts';

let world: AwsWorld;
afterEach(() => world.close());

const soon = (): AbortSignal => AbortSignal.timeout(25_000);

/** A grant of five minutes that is extended to twenty from its start. */
async function extended(options: Parameters<typeof awsWorld> = []) {
  world = await awsWorld(...options);
  const wanted = world.request({ length: 5 * minute });
  const first = await world.provider.issue(world.provider.plan(wanted).handle, wanted, soon());
  const deadline = wanted.now + 20 * minute;
  const planned = world.provider.replan?.(first.handle, deadline);
  if (!planned) throw new Error('AWS can extend');
  const refresh = () => world.provider.refresh?.(planned.handle, { ...wanted, deadline }, soon());
  const answer = () => JSON.parse(first.handOut.endpoints?.[0]?.answer().reveal() ?? '{}');
  return { first, planned, refresh, answer, deadline };
}

describe('extending on AWS', () => {
  it('makes another session although the keys of the first would last long enough: its policy would not', async () => {
    const { first, refresh, answer, deadline } = await extended();
    const made = await refresh();
    expect(world.aws.account.live()).toHaveLength(2);
    expect(made?.expiresAt).toBeGreaterThanOrEqual(deadline - 1_000);
    expect(answer().AccessKeyId).not.toBe(first.handle.access_key_id);
    expect(Date.parse(answer().Expiration)).toBe(Math.floor(deadline / 1000) * 1000);
    world.aws.advance(6 * minute);
    expect(world.aws.account.usable().map((one) => one.accessKeyId)).toEqual([answer().AccessKeyId]);
    world.aws.advance(14 * minute);
    expect(world.aws.account.usable()).toHaveLength(0);
    expect(answer).toThrow(expect.objectContaining({ code: 'ERR_GRANT_ENDED' }));
  });

  it('serves the first until its own end when no other was made', async () => {
    const { first, answer } = await extended();
    expect(answer().AccessKeyId).toBe(first.handle.access_key_id);
    world.aws.advance(5 * minute);
    expect(answer).toThrow(expect.objectContaining({ code: 'ERR_GRANT_ENDED' }));
  });

  it('makes none for a later end than that of the grant, when one for a later end may exist', async () => {
    world = await awsWorld();
    const wanted = world.request({ length: 90 * minute });
    const { handle, handOut } = await world.provider.issue(
      world.provider.plan(wanted).handle,
      wanted,
      soon(),
    );
    const covering = world.provider.replan?.(handle, wanted.now + 180 * minute).handle ?? handle;
    world.aws.advance(45 * minute);
    await world.provider.refresh?.(covering, { ...wanted, now: world.clock.now() }, soon());
    expect(world.aws.account.live()).toHaveLength(2);
    const told = JSON.parse(handOut.endpoints?.[0]?.answer().reveal() ?? '{}').Expiration;
    expect(Date.parse(told)).toBeLessThanOrEqual(wanted.deadline);
    world.aws.advance(45 * minute);
    expect(world.aws.account.usable()).toEqual([]);
  });

  it('has a record that covers every session there is, and none twice', async () => {
    const { planned, refresh } = await extended();
    await refresh();
    await refresh();
    const ends = world.aws.account.live().map((one) => one.expiration ?? 0);
    expect(ends).toHaveLength(2);
    expect(planned.handle.ends_by).toBeGreaterThanOrEqual(Math.max(...ends));
    expect(planned.hardDeadline).toBe(planned.handle.ends_by);
  });

  it('never forgets a session that lasts longer than the new end', async () => {
    const { first } = await extended();
    const { handle } = world.provider.replan?.(first.handle, first.handle.deadline + 1_000) ?? {};
    expect(handle?.ends_by).toBeGreaterThanOrEqual(first.handle.ends_by);
  });

  it('never tells an earlier end than that of a session which may exist', async () => {
    const { planned } = await extended();
    const { handle } = world.provider.replan?.(planned.handle, planned.handle.deadline - minute) ?? {};
    expect(handle?.deadline).toBe(planned.handle.deadline);
  });

  it.each([
    ['tag', true],
    ['name', false],
  ])('takes old and new sessions back with one Deny, by %s', async (_, session_tags) => {
    const role = { role_arn: roleOf('deploy'), revoke: 'deny-session', session_tags };
    const { planned, refresh } = await extended([{}, { deploy: role }]);
    await refresh();
    expect(world.aws.account.usable()).toHaveLength(2);
    await world.provider.revoke(planned.handle, 'revoked', listen().report, soon());
    expect(world.aws.account.usable()).toHaveLength(0);
    expect(await world.provider.confirm(planned.handle, soon())).toBe('gone');
  });
});
