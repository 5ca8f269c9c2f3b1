// One session under a grant: starts the user's shell or one command, stays its parent, ends it when the grant ends.
// Must not: talk to the broker, decide how long a grant lives, or print anything but through `warn`.

import type { ShellTerms } from '../core/shell-terms.ts';
import type { Risk } from '../core/target.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import { startChild } from './child.ts';
import { isPastDeadline } from './deadline.ts';
import { endCommand } from './end.ts';
import { childEnvironment } from './environment.ts';
import { exitCodeOf } from './exit-code.ts';
import { runShell } from './run-shell.ts';
import { repairScreen } from './screen.ts';
import { forwardSignals } from './signals.ts';
import type { Survivor } from './survivors.ts';

/** The grant that a session runs under. */
export interface SessionGrant {
  readonly id: string;
  readonly target: string;
  readonly role: string;
  readonly risk: Risk;
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
  /** Calls back with each new deadline of the grant; the answer stops that. */
  readonly onDeadline: (callback: (deadline: Instant) => void) => () => void;
  /** Calls back with what else the user should hear of while a shell runs; the answer stops that. */
  readonly onNotice?: (callback: (text: string) => void) => () => void;
  /** Asks the caller to look at the clock at once: this process was stopped for a while. */
  readonly look: () => void;
  /** What holds for a shell; a command is warned of nothing and always ended with its grant. */
  readonly terms: ShellTerms;
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
  /** True when a shell had to be ended with the grant. */
  readonly wasClosed?: boolean;
  /** What goes on with the grant in its environment after a shell. */
  readonly survivors?: readonly Survivor[];
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
    const { signal } = await child.exited;
    // One that answers SIGTERM by itself has put its terminal right.
    if (signal !== null) await repairScreen(options.baseEnv ?? process.env);
    return endedWithGrant;
  } finally {
    signals.stop();
  }
}
