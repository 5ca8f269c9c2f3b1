// One session under a grant: starts the user's shell or one command, stays its parent, ends it when the grant ends.
// Must not: talk to the broker, decide how long a grant lives, or print anything but through `warn`.

import { isatty } from 'node:tty';
import { JitError } from '../core/errors.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { startChild } from './child.ts';
import { isPastDeadline } from './deadline.ts';
import { endCommand, endShell, repairTerminal } from './end.ts';
import { childEnvironment } from './environment.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Integration } from './integration.ts';
import { forwardSignals } from './signals.ts';
import { prepareShell } from './start-shell.ts';
import { findShell } from './which-shell.ts';

/** The grant that a session runs under. */
export interface SessionGrant {
  readonly id: string;
  readonly target: string;
  readonly role: string;
  readonly deadline: Instant;
}

/** What {@link runSession} needs. The fields from `baseEnv` on have defaults and exist for tests. */
export interface SessionOptions {
  /** The command with its arguments; null: the user's interactive shell. */
  readonly command: readonly string[] | null;
  /** Variables that the broker hands out, and variables that would win over them. */
  readonly env: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  /** Names of those of `env` whose values are secrets: a shell drops them at the end. */
  readonly secrets: readonly string[];
  /** How long the grant may go on at its end, e.g. `15m`, for warnings; null: nobody is told to extend it. */
  readonly extension: string | null;
  readonly grant: SessionGrant;
  /** The prompt-state file that the broker keeps. It must list this grant before the session starts. */
  readonly stateFile: string;
  /** The folder with jit.bash, jit.zsh and jit.fish. */
  readonly hooksDir: string;
  /** Settles when the grant has ended, which is for the caller to find out; never rejects. */
  readonly ended: Promise<void>;
  readonly clock: Clock;
  /** Told once, when the child runs; must not throw. */
  readonly started?: (pid: number) => void;
  /** Shows one line to the user. */
  readonly warn: (line: string) => void;
  /** Environment to start from; default: that of this process. */
  readonly baseEnv?: Readonly<Record<string, string | undefined>>;
  /** Path of the interactive shell; default: the shell that the user came from. */
  readonly shell?: string;
  /** Time between asking a process to end and SIGKILL; default 5 s. */
  readonly graceMs?: Milliseconds;
  /** Time that a shell has to reach its first prompt; default 5 s. */
  readonly readyMs?: Milliseconds;
  /** Folder for the shell's start files; default: that of the prompt-state file. */
  readonly runDir?: string;
}

/** How a session ended. */
export interface SessionResult {
  /** The child's own, 128+n for signals; 124 when the child had to be ended with the grant. */
  readonly exitCode: number;
  /** True when the grant ended while the child ran. */
  readonly grantEnded: boolean;
}

const endedWithGrant: SessionResult = { exitCode: 124, grantEnded: true };

/**
 * Runs one session and answers when its child is gone.
 * @throws JitError `ERR_CHILD_NOT_FOUND`, `ERR_CHILD_NOT_EXECUTABLE` or `ERR_CHILD_SETUP` before the child runs.
 */
export function runSession(options: SessionOptions): Promise<SessionResult> {
  return options.command === null ? runShell(options) : runCommand(options, options.command);
}

const told = async ({ ended }: SessionOptions): Promise<'told'> => ended.then(() => 'told');

async function runCommand(options: SessionOptions, command: readonly string[]): Promise<SessionResult> {
  const { clock, grant, graceMs = 5000 } = options;
  const signals = forwardSignals();
  try {
    const child = await startChild(command, childEnvironment(options));
    signals.sendTo(child);
    options.started?.(child.pid);
    const exit = await Promise.race([child.exited, told(options)]);
    if (exit !== 'told' && !isPastDeadline(options)) return { exitCode: exitCodeOf(exit), grantEnded: false };
    await endCommand({ child, grant: grant.id, clock, graceMs });
    return endedWithGrant;
  } finally {
    signals.stop();
  }
}

async function runShell(options: SessionOptions): Promise<SessionResult> {
  const { clock, graceMs = 5000, readyMs = 5000, warn, baseEnv = process.env } = options;
  if (!isatty(0)) {
    throw new JitError('ERR_CHILD_SETUP', 'cannot open a shell: standard input is not a terminal', {
      hint: 'give a command after "--"',
    });
  }
  const shell = options.shell ?? findShell(baseEnv);
  const prepared = prepareShell({ ...options, shell });
  if (!prepared.hasHook)
    warn(`jit has no prompt hook for "${shell}": no countdown, and it is closed with the grant`);
  const signals = forwardSignals();
  let integration: Integration | null = null;
  try {
    const child = await startChild(prepared.command, {
      ...childEnvironment(options),
      ...prepared.env,
      JIT_PARENT: String(process.pid),
      JIT_NOW: String(Math.floor(clock.now() / 1000)),
    });
    signals.sendTo(child);
    options.started?.(child.pid);
    integration = prepared.watchIntegration({ clock, readyMs, warn });
    const exit = await Promise.race([child.exited, told(options)]);
    if (exit !== 'told') return { exitCode: exitCodeOf(exit), grantEnded: isPastDeadline(options) };
    const how = await endShell({ child, integration, clock, graceMs });
    if (how === 'closed') repairTerminal();
    return how === 'closed' ? endedWithGrant : { exitCode: exitCodeOf(await child.exited), grantEnded: true };
  } finally {
    integration?.stop();
    signals.stop();
    prepared.remove();
  }
}
