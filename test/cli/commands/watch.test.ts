import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Screen, ScreenEvents } from '../../../src/cli/watch/screen.ts';
import type { Client } from '../../../src/client/client.ts';
import { JitError } from '../../../src/core/errors.ts';
import type { StatusReply } from '../../../src/protocol/routes.ts';
import { createFakeClient, fakeGrant, fakeLease, fakeStatus } from '../../fakes/client.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { until } from '../../support/until.ts';
import { jit } from '../harness.ts';

/** A broker that answers these statuses, one after each change, and then is of another protocol. */
function broker(...statuses: StatusReply[]) {
  let changes = statuses.length;
  const follow: Client['follow'] = async ({ after }) => {
    if (after === null) return { events: [], next: 0 };
    changes -= 1;
    if (changes === 0) throw new JitError('ERR_PROTOCOL', 'that was all');
    return { events: [{ leaf: '', body: {} }], next: after + 1 };
  };
  return createFakeClient({ follow, status: async () => statuses.shift() ?? fakeStatus() });
}

test('without a terminal each change is a line: begun, overdue, gone', async () => {
  const overdue = fakeGrant({ state: 'ended', leases: [fakeLease({ state: 'overdue' })] });
  const client = broker(
    fakeStatus({ grants: [fakeGrant()] }),
    fakeStatus({ grants: [fakeGrant()] }),
    fakeStatus({ grants: [overdue], overdue: 1 }),
    fakeStatus(),
  );
  const ran = await jit(['watch'], { client });
  const lines = ran.stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\S+ \S+ /, ''));
  expect(lines[0]).toMatch(/^active prod-db:read g7f3k2 of user:ada until /);
  expect(lines.slice(1, 3)).toEqual([
    expect.stringMatching(/^ended prod-db:read g7f3k2/),
    'OVERDUE prod-db:read g7f3k2: jit_l4k9p1, access may go on',
  ]);
  expect(lines.slice(3)).toEqual(['gone g7f3k2', 'gone l4k9p1']);
  expect(ran.code).toBe(7);
});

function onScreen(env: Record<string, string> = {}, words: readonly string[] = [], rows = 24) {
  const drawn: string[][] = [];
  let statuses = 0;
  let events: ScreenEvents | null = null;
  let isClosed = false;
  let signal: ((name: NodeJS.Signals) => void) | null = null;
  const clock = new FakeClock();
  const client = createFakeClient({
    status: async () => {
      statuses += 1;
      return fakeStatus({ grants: [fakeGrant()] });
    },
    follow: (request, abort) =>
      request.after === null
        ? Promise.resolve({ events: [], next: 0 })
        : new Promise((_resolve, reject) => abort?.addEventListener('abort', () => reject(abort.reason))),
  });
  const screen: Screen = {
    size: () => ({ columns: 80, rows }),
    draw: (lines) => drawn.push([...lines]),
    close: () => {
      isClosed = true;
    },
  };
  const running = jit(['watch', ...words], {
    ...{ tty: true, clock, client, env },
    openScreen: (given) => {
      events = given;
      return screen;
    },
    onSignal: (callback) => {
      signal = callback;
      return () => {};
    },
  });
  return {
    running,
    drawn,
    clock,
    key: (text: string) => events?.key(text),
    signal: (name: NodeJS.Signals) => signal?.(name),
    statuses: () => statuses,
    isOpened: () => events !== null,
    isClosed: () => isClosed,
  };
}

test('on a terminal it draws each second, and "q" gives the terminal back', async () => {
  const { running, drawn, clock, key, isClosed } = onScreen();
  await until(() => expect(drawn).toHaveLength(1));
  clock.advance(3_000);
  expect(drawn.length).toBe(4);
  expect(drawn[0]?.join()).not.toBe(drawn[3]?.join());
  key('x');
  key('q');
  expect((await running).code).toBe(0);
  expect(isClosed()).toBe(true);
  clock.advance(3_000);
  expect(drawn.length).toBe(4);
});

test.each([
  ['--plain', ['--plain'], {}, 0],
  ['JIT_PLAIN=1', [], { JIT_PLAIN: '1' }, 0],
  ['JIT_PLAIN=0', [], { JIT_PLAIN: '0' }, 1],
] as const)('with %s there is a picture only where one is wanted', async (_name, words, env, pictures) => {
  const stage = onScreen(env, words);
  await until(() => expect(stage.drawn.length + stage.statuses()).toBeGreaterThan(0));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stage.drawn).toHaveLength(pictures);
  stage.key('q');
});

test('where the locale shows ASCII only, the picture is ASCII', async () => {
  const stage = onScreen({ LANG: 'C' }, [], 3);
  await until(() => expect(stage.drawn).toHaveLength(1));
  expect(stage.drawn[0]?.join('')).toContain('... ');
  expect(stripVTControlCharacters(stage.drawn[0]?.join('') ?? '')).toMatch(/^[ -~]*$/);
  stage.key('q');
  await stage.running;
});

test.each([
  ['Ctrl-C', 130, (stage: ReturnType<typeof onScreen>) => stage.key('\x03')],
  ['SIGTERM', 143, (stage: ReturnType<typeof onScreen>) => stage.signal('SIGTERM')],
] as const)('%s ends it with %i, and the terminal is given back', async (_name, code, end) => {
  const stage = onScreen();
  await until(() => expect(stage.drawn).toHaveLength(1));
  end(stage);
  expect((await stage.running).code).toBe(code);
  expect(stage.isClosed()).toBe(true);
});
