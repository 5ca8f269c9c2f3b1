import { expect, test, vi } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import type { Outside } from '../../src/cli/world.ts';
import { JitError } from '../../src/core/errors.ts';
import type { OpenBroker } from '../../src/protocol/offline.ts';
import { createFakeClient } from '../fakes/client.ts';
import { FakeClock } from '../fakes/clock.ts';

/** A command line for which no broker runs until it has opened one. */
async function alone(
  argv: string[],
  env: Record<string, string>,
  close: OpenBroker['close'] = async () => ({ overdue: 0, ending: 0, unsynced: 0 }),
) {
  const did: string[] = [];
  let isOpen = false;
  const client = createFakeClient({
    revoke: async (request) => {
      did.push('revoke');
      return createFakeClient().revoke(request);
    },
  });
  const texts = { stderr: '' };
  const outside: Outside = {
    ...still(),
    argv,
    env,
    stderr: (text) => {
      texts.stderr += text;
    },
    connect: async ({ start }) => {
      if (isOpen) return client;
      if (!start) throw new JitError('ERR_BROKER_UNREACHABLE', 'no broker runs');
      did.push('start beside');
      isOpen = true;
      return client;
    },
    ownBroker: { current: null, isHurried: false },
    openBroker: async () => {
      did.push('open inside');
      isOpen = true;
      return {
        release: async () => undefined,
        othersLeft: async () => void did.push('wait for others'),
        close: async (cause) => {
          did.push('close');
          return close(cause);
        },
      };
    },
  };
  const code = await runCli(outside);
  return { code, did, ...texts };
}

/** Where nothing happens. */
function still(): Outside {
  return {
    argv: [],
    env: {},
    isTTY: { stdin: false, stdout: false, stderr: false },
    stdout: () => undefined,
    stderr: () => undefined,
    handOver: () => undefined,
    clock: new FakeClock(),
    random: { bytes: (size: number) => Buffer.alloc(size) },
    version: '0.1.0',
    connect: async () => createFakeClient(),
    openBroker: async () => null,
    ownBroker: { current: null, isHurried: false },
    loadOffline: async () => ({}) as never,
    runDemo: async () => 0,
    runSession: async () => ({ exitCode: 7, grantEnded: false }),
    ownSession: () => ({ pid: 99, startTime: 'then' }),
    flushed: async () => {},
    kept: () => {},
    mark: () => () => {},
    readInput: async () => Buffer.alloc(0),
    ask: {} as never,
    spin: async () => () => undefined,
    onSignal: () => () => undefined,
    openScreen: () => ({}) as never,
    browser: () => null,
    exists: () => true,
    configPath: () => '/jit.yaml',
    promptState: () => '/run/prompt',
    hooksDir: '/opt',
  };
}

const command = ['elevate', 'prod-db:read', '--', 'true'];

test('in CI the broker is inside of the command, which ends it before itself', async () => {
  const { code, did } = await alone(command, { CI: 'true' });
  expect(did).toEqual(['open inside', 'revoke', 'wait for others', 'close']);
  expect(code).toBe(7);
});

test('elsewhere it is beside, unless a flag or JIT_BROKER wants otherwise', async () => {
  expect((await alone(command, {})).did[0]).toBe('start beside');
  expect((await alone(command, { CI: 'true', JIT_BROKER: 'resident' })).did[0]).toBe('start beside');
  expect((await alone(command, { JIT_BROKER: 'in-process' })).did[0]).toBe('open inside');
  expect((await alone(['elevate', 'prod-db:read', '--in-process', '--', 'true'], {})).did[0]).toBe(
    'open inside',
  );
});

test('what has to outlive the command has a broker beside it', async () => {
  expect((await alone(['elevate', 'prod-db:read', '--keep'], { CI: 'true' })).did).toEqual(['start beside']);
  expect((await alone(['broker', 'start'], { CI: 'true' })).did).toEqual(['start beside']);
  for (const line of ['token prod-db:read', 'env prod-db:read', 'console prod-db:read --print']) {
    expect((await alone(line.split(' '), { CI: 'true' })).did[0]).toBe('start beside');
  }
});

test('other commands have it inside as well, also when they fail', async () => {
  expect((await alone(['targets'], { CI: 'true' })).did).toEqual(['open inside', 'wait for others', 'close']);
  expect((await alone(['ci', 'cleanup'], {})).did).toEqual(['open inside', 'wait for others', 'close']);
});

test('what could not be taken back is told, and the exit code stays that of the command', async () => {
  const left = await alone(command, { CI: 'true' }, async () => ({ overdue: 2, ending: 0, unsynced: 0 }));
  expect(left.code).toBe(7);
  expect(left.stderr).toContain('2 credentials could not be taken back; try again: jit ci cleanup');
  const unsent = await alone(command, { CI: 'true' }, async () => ({ overdue: 0, ending: 0, unsynced: 3 }));
  expect(unsent.code).toBe(7);
  expect(unsent.stderr).toContain('3 events are not at the shared store yet');
  const broken = await alone(command, { CI: 'true' }, () => Promise.reject(new Error('x')));
  expect(broken.code).toBe(7);
  expect(broken.stderr).toContain('jit ci cleanup');
});

/** A command in CI that is told to end as soon as its broker is open; `close` takes a few turns. */
async function signalled(argv: string[], signal: NodeJS.Signals) {
  const did: string[] = [];
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  const client = createFakeClient();
  const kill = vi.spyOn(process, 'kill').mockImplementation(() => true);
  let isOpen = false;
  const outside: Outside = {
    ...still(),
    argv,
    env: { CI: 'true' },
    onSignal: (callback) => {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    connect: async () => {
      if (!isOpen) throw new JitError('ERR_BROKER_UNREACHABLE', 'no broker runs');
      for (const listener of listeners) listener(signal);
      return client;
    },
    openBroker: async () => {
      isOpen = true;
      return {
        release: async () => void did.push('release'),
        othersLeft: async () => void did.push('wait for others'),
        close: async () => {
          for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          did.push('closed');
          return { overdue: 0, ending: 0, unsynced: 0 };
        },
      };
    },
    runSession: async () => {
      did.push('run');
      return { exitCode: 0, grantEnded: false };
    },
  };
  try {
    const code = await runCli(outside);
    return { code, did, asked: client.asked('elevate') };
  } finally {
    kill.mockRestore();
  }
}

test('a command that a signal has closed the broker of ends only when it is closed', async () => {
  const { did } = await signalled(['targets'], 'SIGTERM');
  expect(did.filter((one) => one !== 'release')).toEqual(['closed']);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)(
  '%s before anything was asked for cancels: nothing is granted, nothing runs',
  async (signal, code) => {
    expect(await signalled(command, signal)).toEqual({ code, did: ['closed'], asked: [] });
  },
);

test('a signal while others are waited for ends what they have, and then the broker', async () => {
  const did: string[] = [];
  const listeners: ((signal: NodeJS.Signals) => void)[] = [];
  const ownBroker: Outside['ownBroker'] = { current: null, isHurried: false };
  const clock = new FakeClock();
  let leave = (): void => undefined;
  const ran = runCli({
    ...still(),
    argv: command,
    env: { CI: 'true' },
    clock,
    ownBroker,
    onSignal: (callback) => {
      listeners.push(callback);
      return () => undefined;
    },
    connect: async () => {
      if (ownBroker.current) return createFakeClient();
      throw new JitError('ERR_BROKER_UNREACHABLE', 'no broker runs');
    },
    openBroker: async () => ({
      release: async () => {
        did.push('release');
        leave();
      },
      othersLeft: () => {
        did.push('wait for others');
        return new Promise((resolve) => {
          leave = resolve;
        });
      },
      close: async () => {
        did.push('close');
        return { overdue: 0, ending: 0, unsynced: 0 };
      },
    }),
  });
  await vi.waitUntil(() => did.includes('wait for others'));
  for (const listener of listeners) listener('SIGTERM');
  await clock.advance(3_000);
  expect(await ran).toBe(7);
  expect(did).toEqual(['wait for others', 'release', 'close']);
});
