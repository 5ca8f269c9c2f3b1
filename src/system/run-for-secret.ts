// Runs one program and takes what it prints as a secret. Owns: its limits. Must not: use a shell, show any output.

import { spawn } from 'node:child_process';
import type { Milliseconds } from '../core/time.ts';

/** What a program is run with. */
export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly timeout: Milliseconds;
  /** Most bytes it may print. */
  readonly largest: number;
}

/** How a run ended. Never holds more of the output than `stdout`. */
export type RunResult =
  | { readonly outcome: 'ok'; readonly stdout: Buffer }
  | { readonly outcome: 'failed'; readonly why: string };

/** Runs `program` with stdin and stderr closed; kills it, and all that it started, when it exceeds a limit. */
export function runForSecret(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = withUsualUmask(() =>
      // detached: a process group of its own, so that a wrapper script cannot leave its children behind.
      spawn(program, args, {
        env: options.env,
        cwd: '/',
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (result: RunResult) => {
      clearTimeout(timer);
      child.stdout.destroy();
      resolve(result);
    };
    const stop = (why: string) => {
      killGroup(child.pid);
      finish({ outcome: 'failed', why });
    };
    const timer = setTimeout(() => stop(`no answer within ${options.timeout / 1000} s`), options.timeout);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > options.largest) stop(`it printed more than ${options.largest} bytes`);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      finish({ outcome: 'failed', why: `it cannot be started (${error.code ?? 'unknown error'})` });
    });
    child.on('close', (code, signal) => {
      if (code === 0) finish({ outcome: 'ok', stdout: Buffer.concat(chunks) });
      else
        finish({
          outcome: 'failed',
          why: signal ? `it was ended by ${signal}` : `it ended with code ${code}`,
        });
    });
  });
}

// The broker's umask of 0177 would have the program make directories that it cannot enter. Nothing else runs
// between the two calls, so the broker's own files are not touched by it.
function withUsualUmask<T>(start: () => T): T {
  const before = process.umask(0o077);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
