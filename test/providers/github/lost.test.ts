// Answers that do not arrive: what may exist then is never called revoked before its hour is over.

import { afterEach, describe, expect, it } from 'vitest';
import { type GithubWorld, githubWorld, listen, minute, soon, tokenOf } from '../../support/github-target.ts';

let world: GithubWorld;
afterEach(() => world?.close());

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe.each(['lost', 'malformed', 'internal', 'gateway', 'reset'] as const)(
  'an answer that is "%s"',
  (kind) => {
    it('each time is an unknown outcome, and the plan’s handle says until when', async () => {
      world = await githubWorld();
      world.github.fault({ on: 'POST access_tokens', kind, times: 9 });
      const wanted = world.request();
      const plan = world.provider.plan(wanted);
      const thrown = await world.provider.issue(plan.handle, wanted, soon()).catch((error: unknown) => error);
      expect(thrown).toEqual(code('ERR_REVOKE_INCOMPLETE'));
      const until = plan.handle.undisclosed_until ?? 0;
      expect(until).toBe(plan.hardDeadline);
      for (const { expiresAt } of world.github.account.live()) expect(expiresAt).toBeLessThan(until);
      const told = listen();
      await world.provider.revoke(plan.handle, 'issue-failed', told.report, soon());
      expect(told.undisclosed).toEqual([until]);
      expect(await world.provider.confirm(plan.handle, soon())).toBe('unknown');
      expect(world.provider.irrevocableUntil?.(plan.handle)).toBe(until);
      world.github.advance(until - world.clock.now());
      expect(world.github.account.live()).toEqual([]);
      expect(await world.restarted().confirm(plan.handle, soon())).toBe('gone');
    });

    it('once does not keep the token from coming, and the lease stays open after it was revoked', async () => {
      world = await githubWorld();
      world.github.fault({ on: 'POST access_tokens', kind });
      const issued = await world.issue();
      const { handle } = issued;
      expect(handle.undisclosed_until).not.toBeNull();
      expect(issued.expiresAt).toBeGreaterThanOrEqual(handle.undisclosed_until ?? 0);
      expect(world.provider.describe(handle).facts).toHaveProperty('undisclosed_until');
      const told = listen();
      await world.provider.revoke(handle, 'revoked', told.report, soon());
      expect(told).toMatchObject({ ended: true, undisclosed: [handle.undisclosed_until] });
      expect(await world.fetch(tokenOf(issued), '/repos/acme/web-one/contents/README.md')).toBe(401);
      expect(await world.provider.confirm(handle, soon())).toBe('unknown');
      world.github.advance(63 * minute);
      expect(await world.provider.confirm(handle, soon())).toBe('gone');
    });
  },
);

it('an answer that never comes ends with the patience of the broker, as an unknown outcome', async () => {
  world = await githubWorld();
  world.github.fault({ on: 'POST access_tokens', kind: 'hang', times: 9 });
  const wanted = world.request();
  const issuing = world.provider.issue(world.provider.plan(wanted).handle, wanted, AbortSignal.timeout(300));
  await expect(issuing).rejects.toEqual(code('ERR_REVOKE_INCOMPLETE'));
});

it('a broker that is told to stop before it asks has made nothing', async () => {
  world = await githubWorld();
  const wanted = world.request();
  const issuing = world.provider.issue(world.provider.plan(wanted).handle, wanted, AbortSignal.abort());
  await expect(issuing).rejects.toEqual(code('ERR_TARGET_UNREACHABLE'));
  expect(world.github.calls).toEqual([]);
});

it('the token that lists repositories counts as well when its answer is lost', async () => {
  world = await githubWorld({}, { read: { repositories: ['nothing-*'], permissions: { contents: 'read' } } });
  world.github.fault({ on: 'POST access_tokens', kind: 'lost' });
  await expect(world.issue()).rejects.toEqual(code('ERR_REVOKE_INCOMPLETE'));
});

it('a plan that is too old is not carried out: its handle would not cover the token', async () => {
  world = await githubWorld();
  const wanted = world.request();
  const { handle } = world.provider.plan(wanted);
  world.github.advance(2 * minute);
  await expect(world.provider.issue(handle, wanted, soon())).rejects.toEqual(code('ERR_TARGET_UNREACHABLE'));
  expect(world.github.account.tokens).toEqual([]);
});
