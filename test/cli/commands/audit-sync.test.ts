import { expect, test } from 'vitest';
import type { SyncReply, SyncRequest } from '../../../src/protocol/store.ts';
import { createFakeClient } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const whole: SyncReply = {
  store: {
    ...{ host: 'db', port: 5432, database: 'jit', user: 'w' },
    maxUnsynced: { events: 1_000, age: 3_600_000 },
  },
  ...{ origin: 'jit.7h2k9d3f/2', events: 5, acknowledged: 5, heard: true, since: null, running: false },
  ...{ failure: null, refused: [], lost: [] },
};

/** A broker that answers these, one after the other, and the last for ever. */
function answering(...replies: SyncReply[]) {
  const asked: SyncRequest[] = [];
  const client = createFakeClient({
    sync: async (request) => {
      asked.push(request);
      return replies[asked.length - 1] ?? replies.at(-1) ?? whole;
    },
  });
  return { client, asked };
}

test('what was only noted before is no answer: the command waits for the store', async () => {
  const noted = { ...whole, heard: false, running: true };
  const { client, asked } = answering(noted, noted, noted, whole);
  expect(await jit(['audit', 'sync'], { client })).toMatchObject({ code: 0 });
  expect(asked).toHaveLength(4);
});

test('--status says what the store lost, and whether it has it again', async () => {
  const loss = { origin: 'jit.7h2k9d3f', acknowledged: 98, found: 84, foundAt: Date.UTC(2026, 10, 22) };
  const say = async (has: number | null) => {
    const { client } = answering({ ...whole, lost: [{ ...loss, has }] });
    return (await jit(['audit', 'sync', '--status'], { client })).stdout;
  };
  expect(await say(99)).toMatch(
    /had 84 of the 98 events of jit\.7h2k9d3f .*backup.*; it has as many again$/m,
  );
  expect(await say(90)).toContain('it still lacks 8');
  expect(await say(null)).toContain('what is here of them is sent again');
});

test('--status says what is only noted, and what the store refuses', async () => {
  const refused = [
    { origin: 'jit.7h2k9d3f', events: 3, message: 'answered JT403: another login', hint: null },
  ];
  const { client } = answering({ ...whole, heard: false, refused });
  const ran = await jit(['audit', 'sync', '--status'], { client });
  expect(ran.stdout).toContain('5 of 5 events acknowledged, as noted before');
  expect(ran.stdout).toContain(
    '3 events of jit.7h2k9d3f, an earlier log, are not there and not taken: answered JT403',
  );
  expect((await jit(['audit', 'sync', '--status'], answering(whole))).stdout).not.toContain('noted');
});

test('--status fails where nothing is sent until somebody acts, and not while the store is away', async () => {
  const failing = (code: NonNullable<SyncReply['failure']>['code']) =>
    answering({ ...whole, acknowledged: 3, failure: { code, message: 'no\u001b', hint: 'do this' } });
  const stuck = await jit(['audit', 'sync', '--status'], failing('ERR_AUDIT_INVALID'));
  expect(stuck.code).toBe(1);
  expect(stuck.stdout).toContain('3 of 5 events acknowledged');
  expect(stuck.stderr).toMatch(/^jit: error: nothing is sent: no\S+\njit: hint: do this\n$/);
  const json = await jit(['audit', 'sync', '--status', '--json'], failing('ERR_SECRET_UNAVAILABLE'));
  expect([json.code, json.stderr]).toEqual([4, '']);
  expect(JSON.parse(json.stdout)).toMatchObject({ failure: { hint: 'do this' } });
  const away = await jit(['audit', 'sync', '--status'], failing('ERR_TARGET_UNREACHABLE'));
  expect([away.code, away.stderr]).toEqual([0, 'jit: hint: do this\n']);
  expect(away.stdout).toContain('the last attempt failed: no');
});
