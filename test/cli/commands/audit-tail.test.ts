import { expect, test } from 'vitest';
import { widthOf } from '../../../src/cli/table.ts';
import type { Client } from '../../../src/client/client.ts';
import { JitError } from '../../../src/core/errors.ts';
import type { FollowReply, FollowRequest } from '../../../src/protocol/usage.ts';
import { createFakeClient, fakeLog } from '../../fakes/client.ts';
import { jit } from '../harness.ts';

const event = (type: string, seq: number, data: object = {}) => ({
  leaf: 'ab',
  body: {
    origin: fakeLog().origin,
    type,
    seq: String(seq),
    ts: '2026-11-22T12:00:00.000Z',
    target: 'prod-db',
    data,
  },
});

/** A broker whose log is these replies, one after the other; then it refuses, which ends the following. */
function replies(...list: (FollowReply | JitError)[]): {
  client: ReturnType<typeof createFakeClient>;
  asked: FollowRequest[];
} {
  const asked: FollowRequest[] = [];
  const follow: Client['follow'] = async (request) => {
    asked.push(request);
    const next = list.shift() ?? new JitError('ERR_PROTOCOL', 'that was all');
    if (next instanceof JitError) throw next;
    return next;
  };
  return { client: createFakeClient({ follow }), asked };
}

test('the newest events are a line each, and that is all without --follow', async () => {
  const { client, asked } = replies({
    events: [event('command.ended', 1, { exit_code: 3, ran_ms: 1_000 })],
    next: 1,
  });
  const ran = await jit(['audit', 'tail', '--target', 'prod-db'], { client });
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/^\S+ \S+ {2}1 {2}command\.ended .*prod-db.*exit_code=3 ran=1s\n$/);
  expect(asked).toEqual([{ after: null, limit: 10, target: 'prod-db', grant: null, timeout: 0 }]);
});

test('with -f it goes on after what it has seen, and columns stay where they are', async () => {
  const { client, asked } = replies(
    { events: [event('grant.requested', 1)], next: 1 },
    { events: [], next: 4 },
    { events: [event('log.open', 5)], next: 5 },
  );
  const ran = await jit(['audit', 'tail', '-f', '--lines', '3'], { client });
  expect(asked.map(({ after, limit }) => [after, limit])).toEqual([
    [null, 3],
    [1, 500],
    [4, 500],
    [5, 500],
  ]);
  const [first = '', second = ''] = ran.stdout.split('\n');
  expect(second.indexOf('prod-db')).toBe(first.indexOf('prod-db'));
});

test('a number is of the newest log; in one before it stands with the name of that', async () => {
  const { origin } = fakeLog();
  const next = event('log.open', 0);
  const { client } = replies(
    { events: [event('log.rollback_detected', 9)], next: 9 },
    { events: [{ ...next, body: { ...next.body, origin: `${origin}/2` } }, event('late', 8)], next: 10 },
  );
  const ran = await jit(['audit', 'tail', '-f'], { client });
  expect(ran.stdout.match(/(?<=:00 {2})\S+ +\S+/g)?.map((text) => text.split(/ +/))).toEqual([
    ['9', 'log.rollback_detected'],
    ['0', 'log.open'],
    [`${origin}:8`, 'late'],
  ]);
});

test('--json prints each event as one line of JSON, as it comes', async () => {
  const { client } = replies(
    { events: [event('a', 1), event('b', 2)], next: 2 },
    { events: [event('c', 3)], next: 3 },
  );
  const ran = await jit(['audit', 'tail', '-f', '--json'], { client });
  const lines = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ schema, body }) => [schema, body.type])).toEqual([
    [1, 'a'],
    [1, 'b'],
    [1, 'c'],
  ]);
});

test('a broker that goes away is reached again, and nothing is missed', async () => {
  const gone = new JitError('ERR_BROKER_UNREACHABLE', 'gone');
  const { client, asked } = replies({ events: [event('a', 1)], next: 1 }, gone, {
    events: [event('b', 2)],
    next: 2,
  });
  const ran = await jit(['audit', 'tail', '-f'], { client });
  expect(asked.map(({ after }) => after)).toEqual([null, 1, 1, 2]);
  expect(ran.connects.length).toBe(2);
  expect(ran.stdout).toMatch(/\bb\b/);
  expect(ran.stderr).toContain('warning: the broker has gone');
  expect(ran.stderr).toContain('a broker is there again');
});

test('columns stay where they are beside wide characters', async () => {
  const wide = {
    ...event('grant.requested', 1),
    body: { ...event('grant.requested', 1).body, principal: 'user:漢字' },
  };
  const narrow = {
    ...event('grant.requested', 2),
    body: { ...event('grant.requested', 2).body, principal: 'user:x' },
  };
  const { client } = replies({ events: [wide], next: 1 }, { events: [narrow], next: 2 });
  const [first = '', second = ''] = (await jit(['audit', 'tail', '-f'], { client })).stdout.split('\n');
  expect(widthOf(second.slice(0, second.indexOf('prod-db')))).toBe(
    widthOf(first.slice(0, first.indexOf('prod-db'))),
  );
});

test('text of others cannot act on the terminal', async () => {
  const { client } = replies({
    events: [event('grant.requested', 1, { reason: 'x\u001b[2Jy\nz' })],
    next: 1,
  });
  const ran = await jit(['audit', 'tail'], { client });
  expect(ran.stdout).not.toContain('\u001b');
  expect(ran.stdout.trim().split('\n')).toHaveLength(1);
});
