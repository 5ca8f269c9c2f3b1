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
  ...{ failure: null, refused: [] },
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
