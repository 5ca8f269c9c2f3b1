import { describe, expect, test } from 'vitest';
import { tellUsage } from '../../../src/cli/elevate/usage.ts';
import type { Client } from '../../../src/client/client.ts';
import { JitError } from '../../../src/core/errors.ts';
import { usualShellTerms } from '../../../src/core/shell-terms.ts';
import type { ElevateReply } from '../../../src/protocol/routes.ts';
import { createFakeClient, fakeGrant } from '../../fakes/client.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { jit } from '../harness.ts';

const reply = (argv: boolean): ElevateReply => ({
  grant: fakeGrant(),
  env: {},
  unset: [],
  secrets: [],
  notes: [],
  shell: usualShellTerms,
  ...(argv && { record: { argv } }),
});

function stage(
  verbs: Partial<Client> = {},
  argv = false,
  command: readonly string[] | null = ['psql', '-c', 'x'],
) {
  const clock = new FakeClock();
  const client = createFakeClient(verbs);
  return { clock, client, telling: tellUsage(client, reply(argv), command, clock) };
}

describe('what runs under a grant', () => {
  test('is told as it begins and as it ends, with exit code and how long it ran', async () => {
    const { clock, client, telling } = stage();
    telling.started(4711);
    clock.advance(61_500);
    await telling.ended(3);
    const common = { grant: 'g7f3k2', kind: 'command', pid: 4711, argv: null };
    expect(client.asked('usage')).toEqual([
      { ...common, ended: null },
      { ...common, ended: { exitCode: 3, ran: 61_500 } },
    ]);
  });

  test('leaves its words here, unless the entitlement wants them', async () => {
    const { client, telling } = stage({}, true);
    telling.started(1);
    expect(client.asked('usage')).toMatchObject([{ argv: ['psql', '-c', 'x'] }]);
    const shell = stage({}, true, null);
    shell.telling.started(1);
    expect(shell.client.asked('usage')).toMatchObject([{ kind: 'shell', argv: null }]);
  });

  test('is cut by whole words where it is longer than any line', async () => {
    const { client, telling } = stage({}, true, ['x', 'y'.repeat(20_000), ...Array(2_000).fill('z')]);
    telling.started(1);
    const [{ argv } = { argv: [] }] = client.asked('usage') as { argv: string[] }[];
    expect(argv).toHaveLength(1_000);
    expect(argv.slice(0, 3)).toEqual(['x', '[20000 characters]', 'z']);
  });

  test('is not kept waiting by a broker that does not answer, nor failed by one that refuses', async () => {
    const silent = stage({ usage: () => new Promise(() => {}) });
    silent.telling.started(1);
    const ended = silent.telling.ended(0);
    silent.clock.advance(500);
    await ended;
    const refusing = stage({
      usage: async () => {
        throw new JitError('ERR_AUDIT_UNAVAILABLE', 'x');
      },
    });
    refusing.telling.started(1);
    await refusing.telling.ended(0);
    expect(refusing.clock.pending).toBe(0);
  });

  test('that never ran is not told', async () => {
    const { client, telling } = stage();
    await telling.ended(1);
    expect(client.asked('usage')).toEqual([]);
  });
});

test('jit elevate tells of its command before it gives the grant back, and answers the exit code of the command', async () => {
  const ran = await jit(['elevate', 'prod-db:read', '--', 'false'], {
    session: async ({ started }) => {
      started?.(4711);
      return { exitCode: 3, grantEnded: false };
    },
  });
  expect(ran.code).toBe(3);
  const verbs = ran.client.calls
    .map(({ verb }) => verb)
    .filter((verb) => verb === 'usage' || verb === 'revoke');
  expect(verbs).toEqual(['usage', 'usage', 'revoke']);
  expect(ran.client.asked('usage').at(-1)).toMatchObject({ ended: { exitCode: 3 } });
});
