import { afterEach, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import type { GithubHandle } from '../../../src/providers/github/index.ts';
import type { RefreshRecord } from '../../../src/providers/provider.ts';
import { type GithubWorld, githubWorld, listen, minute, soon } from '../../support/github-target.ts';

let world: GithubWorld;
afterEach(() => world?.close());

const code = (wanted: string) => expect.objectContaining({ code: wanted });

type Change = Parameters<RefreshRecord<GithubHandle>>[0];

/** Three hours, asked for and fifty-one minutes old. */
async function aged(options: Record<string, unknown> = {}) {
  world = await githubWorld(options);
  const wanted = world.request({ length: 180 * minute });
  const issued = await world.provider.issue(world.provider.plan(wanted).handle, wanted, soon());
  const records: Change[] = [];
  let handle = issued.handle;
  const refresh = async (record: RefreshRecord<GithubHandle> = (change) => void records.push(change)) => {
    const known: RefreshRecord<GithubHandle> = (change) => {
      record(change);
      handle = change.handle;
    };
    const answer = await world.provider.refresh?.(
      handle,
      { ...wanted, now: world.clock.now() },
      soon(),
      known,
    );
    handle = answer?.handle ?? handle;
    return answer;
  };
  return {
    issued,
    records,
    refresh,
    wanted,
    handle: () => handle,
    helper: () => issued.handOut.helpers?.['git']?.(),
  };
}

it('a grant over an hour is told to be refreshed before its token ends, a shorter one never', async () => {
  const { issued } = await aged();
  expect(issued.refreshAt).toBe(issued.expiresAt - 10 * minute);
  expect((await world.issue({ length: 59 * minute })).refreshAt).toBeNull();
});

it('a refresh replaces what the helper is given, and the old token is dead', async () => {
  const { issued, refresh, records, handle, helper } = await aged();
  const first = helper();
  world.github.advance(51 * minute);
  const answer = await refresh();
  expect(answer?.expiresAt).toBeGreaterThan(issued.expiresAt);
  expect(helper()?.['password']).not.toBe(first?.['password']);
  const live = world.github.account.live();
  expect(live.map(({ token }) => token)).toEqual([helper()?.['password']]);
  expect(records.map(({ step }) => step)).toEqual(['token-asked', 'token-made']);
  expect(handle().tokens.map(({ sealed }) => sealed === null)).toEqual([true, false]);
});

it('that a token may be made is on disk before GitHub is asked, and the token before the old one goes', async () => {
  const { refresh } = await aged();
  world.github.advance(51 * minute);
  const seen: [step: string, asked: number, deleted: number, undisclosed: boolean][] = [];
  await refresh(({ step, handle }) => {
    const { github } = world;
    seen.push([
      step,
      github.count('POST access_tokens'),
      github.count('DELETE token'),
      handle.undisclosed_until !== null,
    ]);
  });
  expect(seen).toEqual([
    ['token-asked', 1, 0, true],
    ['token-made', 2, 0, false],
  ]);
});

it('a crash between the two leaves a lease that is not called revoked before the hour is over', async () => {
  const { refresh, records } = await aged();
  world.github.advance(51 * minute);
  await refresh();
  const [asked] = records;
  if (!asked) throw new Error('nothing was recorded');
  const restarted = world.restarted();
  const told = listen();
  await restarted.revoke(asked.handle, 'recovery', told.report, soon());
  expect(told.undisclosed).toEqual([asked.hardDeadline]);
  expect(await restarted.confirm(asked.handle, soon())).toBe('unknown');
  expect(world.github.account.live()).toHaveLength(1);
  world.github.advance(asked.hardDeadline - world.clock.now());
  expect(world.github.account.live()).toEqual([]);
  expect(await restarted.confirm(asked.handle, soon())).toBe('gone');
});

it('what cannot be recorded is not asked for', async () => {
  const { refresh } = await aged();
  world.github.advance(51 * minute);
  const full = refresh(() => {
    throw new JitError('ERR_AUDIT_UNAVAILABLE', 'disk full');
  });
  await expect(full).rejects.toEqual(code('ERR_AUDIT_UNAVAILABLE'));
  expect(world.github.count('POST access_tokens')).toBe(1);
});

it('a token that cannot be recorded is deleted, and the old one serves on', async () => {
  const { refresh, helper } = await aged();
  const first = helper();
  world.github.advance(51 * minute);
  const full = refresh(({ step }) => {
    if (step === 'token-made') throw new JitError('ERR_AUDIT_UNAVAILABLE', 'disk full');
  });
  await expect(full).rejects.toEqual(code('ERR_AUDIT_UNAVAILABLE'));
  expect(world.github.account.live().map(({ token }) => token)).toEqual([first?.['password']]);
  expect(helper()).toEqual(first);
});

it('a refresh that GitHub refuses takes back that a token may exist', async () => {
  const { refresh, records } = await aged();
  world.github.advance(51 * minute);
  world.github.fault({ on: 'POST access_tokens', kind: 'forbidden' });
  await expect(refresh()).rejects.toEqual(code('ERR_TARGET_REFUSED'));
  expect(records.map(({ step, handle }) => [step, handle.undisclosed_until === null])).toEqual([
    ['token-asked', false],
    ['token-not-made', true],
  ]);
});

it('a lost answer stays on record', async () => {
  const { refresh, records } = await aged();
  world.github.advance(51 * minute);
  world.github.fault({ on: 'POST access_tokens', kind: 'lost', times: 9 });
  await expect(refresh()).rejects.toEqual(code('ERR_REVOKE_INCOMPLETE'));
  expect(records.at(-1)).toMatchObject({ step: 'token-asked' });
});

it('an old token that cannot be deleted now is revoked with the lease', async () => {
  const { refresh, handle } = await aged();
  world.github.advance(51 * minute);
  world.github.fault({ on: 'DELETE token', kind: 'forbidden' });
  await refresh();
  expect(world.github.account.live()).toHaveLength(2);
  await world.restarted().revoke(handle(), 'expired', listen().report, soon());
  expect(world.github.account.live()).toEqual([]);
});

it('tokens that a child has in its environment are not deleted under it', async () => {
  const { refresh, handle } = await aged({ export: 'env' });
  world.github.advance(51 * minute);
  await refresh();
  expect(world.github.account.live()).toHaveLength(2);
  await world.provider.revoke(handle(), 'expired', listen().report, soon());
  expect(world.github.account.live()).toEqual([]);
});

it('no second token is made while the first one lasts to the end', async () => {
  const { refresh, records, wanted, issued } = await aged();
  const near = { ...wanted, deadline: world.clock.now() + 30 * minute };
  const answer = await world.provider.refresh?.(issued.handle, near, soon(), () => undefined);
  expect(answer).toEqual({ expiresAt: issued.expiresAt, refreshAt: null });
  expect(records).toEqual([]);
  // Longer than the token, but that is not old yet: as after an extension.
  expect(await refresh()).toEqual({ expiresAt: issued.expiresAt, refreshAt: issued.expiresAt - 10 * minute });
  expect(world.github.account.tokens).toHaveLength(1);
});
