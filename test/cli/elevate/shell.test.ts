// What elevate does around a shell: the terms it opens it on, and what it says once the shell is gone.

import { describe, expect, it } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { type OnEnd, usualShellTerms } from '../../../src/core/shell-terms.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeNow } from '../../fakes/client.ts';
import { jit, type Setting } from '../harness.ts';

const onTerms =
  (onEnd: OnEnd): Client['elevate'] =>
  async () => ({
    grant: fakeGrant({ risk: 'high' }),
    env: {},
    unset: [],
    secrets: [],
    notes: [],
    shell: { ...usualShellTerms, onEnd },
  });

const over = fakeGrant({
  ...{ state: 'ended', endedAt: fakeNow, endCause: 'expired', leases: [fakeLease({ state: 'revoked' })] },
} as const);

describe('a shell', () => {
  it('is opened on the terms of the broker, which hears what was asked for', async () => {
    const client = createFakeClient({ elevate: onTerms('close') });
    const ran = await jit(['elevate', 'prod-db', '--on-end', 'terminate'], { tty: true, client });
    expect(ran.client.asked('elevate')).toMatchObject([{ onEnd: 'terminate' }]);
    expect(ran.sessions[0]).toMatchObject({
      terms: { ...usualShellTerms, onEnd: 'close' },
      grant: { risk: 'high' },
    });
    expect(ran.stderr).toContain('at its end this shell is closed, with every program in it');
  });

  it('is told of an end that is stricter than usual only', async () => {
    const summary = async (onEnd: OnEnd) =>
      (
        await jit(['elevate', 'prod-db'], {
          tty: true,
          client: createFakeClient({ elevate: onTerms(onEnd) }),
        })
      ).stderr;
    expect(await summary('terminate')).toContain('at its end every program in this shell is ended');
    expect(await summary('lock')).not.toContain('at its end');
  });

  it('that was closed with its grant leads to 124, and to a line that says so', async () => {
    const session: Setting['session'] = async ({ ended }) => {
      await ended;
      return { exitCode: 124, grantEnded: true, wasClosed: true };
    };
    const client = createFakeClient({ wait: async () => over });
    const ran = await jit(['elevate', 'prod-db'], { tty: true, client, session });
    expect(ran.code).toBe(124);
    expect(ran.stderr).toMatch(/^jit: prod-db:read ended at .*; access revoked; the shell was closed$/m);
  });

  it('that left processes behind has five of them listed, and the others counted', async () => {
    const survivors = [1, 2, 3, 4, 5, 6, 7].map((pid) => ({ pid, name: 'sleep' }));
    const list = async (count: number) => {
      const session = async () => ({ exitCode: 0, grantEnded: false, survivors: survivors.slice(0, count) });
      return (await jit(['elevate', 'prod-db'], { tty: true, session })).stderr.split('\n').at(-2);
    };
    expect(await list(1)).toBe('jit: 1 process still holds it: 1 (sleep)');
    expect(await list(2)).toBe('jit: 2 processes still hold it: 1 (sleep), 2 (sleep)');
    expect(await list(7)).toBe(
      'jit: 7 processes still hold it: 1 (sleep), 2 (sleep), 3 (sleep), 4 (sleep), 5 (sleep), +2',
    );
    expect(await list(0)).not.toContain('still hold');
  });

  it('has nothing written over it while it runs: what cannot be refreshed is a notification, and a line when it is gone', async () => {
    const notRefreshed = { code: 'ERR_SECRET_UNAVAILABLE', message: 'the session has expired' } as const;
    const failing = fakeGrant({ leases: [fakeLease({ notRefreshed })] });
    const answers = [failing, over];
    const client = createFakeClient({ wait: async () => answers.shift() ?? over });
    const notices: string[] = [];
    const session: Setting['session'] = async ({ ended, onNotice, warn }) => {
      onNotice?.((text) => notices.push(text));
      await ended;
      warn('the shell is gone');
      return { exitCode: 0, grantEnded: true };
    };
    const { stderr } = await jit(['elevate', 'prod-db'], { tty: true, client, session });
    expect(stderr).toMatch(/the shell is gone\n[\s\S]*is not refreshed: the session has expired/);
    expect(notices).toEqual(['prod-db:read is not refreshed, see "jit status"']);
  });

  it('is not told of what has been refreshed again', async () => {
    const notRefreshed = { code: 'ERR_SECRET_UNAVAILABLE', message: 'the session has expired' } as const;
    const answers = [fakeGrant({ leases: [fakeLease({ notRefreshed })] }), fakeGrant(), over];
    const client = createFakeClient({ wait: async () => answers.shift() ?? over });
    const session: Setting['session'] = async ({ ended }) => {
      await ended;
      return { exitCode: 0, grantEnded: true };
    };
    const { stderr } = await jit(['elevate', 'prod-db'], { tty: true, client, session });
    expect(stderr).not.toContain('refreshed');
  });
});
