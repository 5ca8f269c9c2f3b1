// Runs the command line in this process: streams are texts, the broker is a fake, the terminal is a wish.

import { stripVTControlCharacters } from 'node:util';
import type { Asker } from '../../src/cli/ask.ts';
import { runCli } from '../../src/cli/run.ts';
import type { ConnectOptions, Outside } from '../../src/cli/world.ts';
import type { Client } from '../../src/client/client.ts';
import { JitError } from '../../src/core/errors.ts';
import type { Offline } from '../../src/protocol/offline.ts';
import type { SessionOptions } from '../../src/shell/session.ts';
import { systemRandom } from '../../src/system/random.ts';
import { createFakeClient, type FakeClient } from '../fakes/client.ts';
import { FakeClock } from '../fakes/clock.ts';

/** What a test may set. */
export interface Setting {
  readonly client?: FakeClient | JitError;
  /** From the moment on at which this is true no broker runs. */
  readonly isStopped?: () => boolean;
  readonly env?: Record<string, string>;
  /** stdin, stdout and stderr are a terminal. */
  readonly tty?: boolean;
  /** Answers to questions, in order; a question too many fails. */
  readonly answers?: readonly string[];
  readonly offline?: Partial<Offline>;
  readonly session?: Outside['runSession'];
  readonly clock?: FakeClock;
  readonly browser?: (file: string) => Promise<void>;
  readonly exists?: (path: string) => boolean;
  /** What standard input holds. */
  readonly input?: string | Uint8Array;
  readonly onSignal?: Outside['onSignal'];
  readonly openScreen?: Outside['openScreen'];
  readonly handOver?: Outside['handOver'];
  readonly hooksDir?: string;
  readonly spin?: Outside['spin'];
  /** Instead of collecting what goes there. */
  readonly stdout?: Outside['stdout'];
}

/** What came of it. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly client: FakeClient;
  readonly connects: readonly ConnectOptions[];
  readonly sessions: readonly SessionOptions[];
  readonly questions: readonly string[];
}

function askerOf(answers: readonly string[], questions: string[]): Asker {
  const left = [...answers];
  const next = async (message: string): Promise<string> => {
    questions.push(message);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`nobody answers "${message}"`);
    return answer;
  };
  return {
    choose: async (message, choices) => {
      const answer = String(await next(message));
      if (!choices.some(({ value }) => value === answer))
        throw new Error(`"${answer}" is no choice of "${message}"`);
      return answer;
    },
    search: async (message, find) => {
      const typed = String(await next(message));
      const [first] = find(typed);
      if (!first) throw new Error(`nothing fits "${typed}" in "${message}"`);
      return first.value;
    },
    text: async (message) => String(await next(message)),
    typed: async (message, wanted) => {
      while (String(await next(message)) !== wanted);
    },
    secret: async (message) => String(await next(message)),
  };
}

/** Runs `jit` with `argv`. */
export async function jit(argv: readonly string[], setting: Setting = {}): Promise<Ran> {
  const given = setting.client ?? createFakeClient();
  const client = given instanceof JitError ? createFakeClient() : given;
  const streams = { stdout: '', stderr: '' };
  const connects: ConnectOptions[] = [];
  const sessions: SessionOptions[] = [];
  const questions: string[] = [];
  const tty = setting.tty ?? false;
  const code = await runCli({
    argv,
    env: { LANG: 'C.UTF-8', ...setting.env },
    isTTY: { stdin: tty, stdout: tty, stderr: tty },
    stdout:
      setting.stdout ??
      ((text) => {
        streams.stdout += text;
      }),
    stderr: (text) => {
      streams.stderr += text;
    },
    flushed: async () => {},
    kept: () => {},
    mark: () => () => {},
    handOver:
      setting.handOver ??
      ((text) => {
        streams.stdout += text;
      }),
    clock: setting.clock ?? new FakeClock(),
    random: systemRandom,
    version: '0.1.0',
    connect: async (options): Promise<Client> => {
      connects.push(options);
      if (given instanceof JitError) throw given;
      if (setting.isStopped?.()) throw new JitError('ERR_BROKER_UNREACHABLE', 'no broker runs');
      return client;
    },
    openBroker: async () => null,
    ownBroker: { current: null, isHurried: false },
    loadOffline: async () => (setting.offline ?? {}) as Offline,
    runDemo: async () => 0,
    runSession: async (options) => {
      sessions.push(options);
      return setting.session ? setting.session(options) : { exitCode: 0, grantEnded: false };
    },
    ownSession: () => ({ pid: 99, startTime: 'then' }),
    readInput: async () => Buffer.from(setting.input ?? ''),
    ask: askerOf(setting.answers ?? [], questions),
    spin: setting.spin ?? (async () => () => {}),
    onSignal: setting.onSignal ?? (() => () => {}),
    openScreen:
      setting.openScreen ??
      (() => {
        throw new Error('no screen here');
      }),
    browser: () => setting.browser ?? null,
    exists: setting.exists ?? (() => true),
    configPath: (flag) => flag ?? '/home/ada/.config/jit/jit.yaml',
    promptState: () => '/run/jit/prompt',
    hooksDir: setting.hooksDir ?? '/opt/jit/completions',
  });
  const stdout = stripVTControlCharacters(streams.stdout);
  return { code, ...streams, stdout: tty ? stdout : streams.stdout, client, connects, sessions, questions };
}

/** The error object that `--json` wrote to stderr. */
export function jsonError(ran: Ran): { code: string; message: string; hint?: string } {
  const last = ran.stderr.trim().split('\n').at(-1) ?? '';
  return (JSON.parse(last) as { error: { code: string; message: string; hint?: string } }).error;
}
