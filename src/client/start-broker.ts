// Starts a broker in the background. Owns: its command line, its environment, and its last words.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import { jobOf } from '../system/ci.ts';
import { brokerEnvironment } from '../system/environment.ts';
import { envReferences } from './env-references.ts';
import { errorOfReply } from './reply-error.ts';

/** What a broker is started with. */
export interface StartOptions {
  /** Absolute path of the config. */
  readonly configPath: string;
  readonly env: NodeJS.ProcessEnv;
  /** The broker's program; the one beside this bundle when not given. */
  readonly brokerEntry?: string;
  /** Where the hint of a failure sends people. */
  readonly log: string;
}

/** A broker on its way. */
export interface Starting {
  /** How it ended: null with code 0, which is what a broker does that finds another one running. */
  readonly ended: Promise<JitError | null>;
  /** Stops listening to it: it runs, or is somebody else's business now. */
  letGo(): void;
}

/** A broker is idle nearly always: little room for garbage, and the right to give memory back (system/memory.ts). */
const small = ['--max-semi-space-size=1', '--expose-gc'];

/**
 * Options of Node that close doors: the debugger on SIGUSR1, the environment in crash reports, prototype
 * pollution. Those that the running Node does not know are left out.
 */
export function nodeOptions(): string[] {
  const wanted = ['--disable-sigusr1', '--report-exclude-env', '--disable-proto=throw', ...small];
  return wanted.filter((option) => process.allowedNodeEnvironmentFlags.has(option.replace(/=\d+$/, '')));
}

/** No core files. Descriptors of the caller's shell need no closing: Node marks those that it inherits close-on-exec. */
const launch = 'ulimit -c 0; exec "$@"';

/** Starts a broker, detached from terminal and session. Answers at once; the socket shows when it is ready. */
export function startBroker(options: StartOptions): Starting {
  const entry = options.brokerEntry ?? path.join(import.meta.dirname, 'broker.mjs');
  const command = [process.execPath, ...nodeOptions(), entry, '--config', options.configPath];
  const job = jobOf(options.env);
  const child = spawn('/bin/sh', ['-c', launch, 'sh', ...command], {
    cwd: '/',
    detached: true,
    env: {
      ...brokerEnvironment(options.env, envReferences(options.configPath)),
      ...(job !== null && { JIT_JOB: job }),
      // glibc gives each thread an arena of its own: a megabyte that an idle broker has no use for.
      MALLOC_ARENA_MAX: '1',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return {
    ended: lastWords(child, options.log),
    letGo() {
      child.stderr?.destroy();
      child.unref();
    },
  };
}

/** A broker that cannot start prints one line of JSON, `{"error": {code, message, hint}}`; the last such line counts. */
function lastWords(child: ChildProcess, log: string): Promise<JitError | null> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-65_536);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(failure('/bin/sh cannot be run', log, error)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(null);
      const told = said
        .split('\n')
        .map(readError)
        .findLast((error) => error !== null);
      resolve(told ?? failure(signal ? `it was ended by ${signal}` : `it ended with code ${code}`, log));
    });
  });
}

function readError(line: string): JitError | null {
  if (!line.startsWith('{"error"')) return null;
  try {
    return errorOfReply(JSON.parse(line));
  } catch {
    return null;
  }
}

function failure(why: string, log: string, cause?: unknown): JitError {
  return new JitError('ERR_BROKER_UNREACHABLE', `cannot start the broker: ${why}`, {
    hint: `see why with: jit broker run (its log: ${log})`,
    cause,
  });
}
