// Runs one program that is given text and answers text. Owns: its limits in time and bytes, and its end with all that it
// started. Must not: use a shell, understand what it prints, wait for ever for anything.

import type { Readable, Writable } from 'node:stream';
import type { Milliseconds } from '../core/time.ts';
import { errnoOf } from './errno.ts';
import { killGroup, startInGroup } from './process-group.ts';

/** What a program is run with. */
export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Written to its stdin, which is closed then. It need not read it. */
  readonly input: string;
  readonly timeout: Milliseconds;
  /** Most bytes that it may print on stdout; one more, and it is killed. */
  readonly largest: number;
  /** How many of the last bytes of its stderr are kept; what came before is read and dropped. */
  readonly kept: number;
  readonly signal: AbortSignal;
  /** Between SIGTERM and SIGKILL, and how long its output may stay open once it has ended; a second unless tests say so. */
  readonly patience?: Milliseconds;
}

/** How a run ended. `code` is that of the program; null when a signal ended it. */
export interface ProgramEnd {
  readonly how: 'ended' | 'not-started' | 'too-slow' | 'too-much' | 'stopped';
  readonly code: number | null;
  /** Name of the signal that ended it, or the system's code for why it did not start. */
  readonly why: string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Runs `program` (an absolute path). Never rejects; settles within the timeout and twice the patience. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  const { env, input, timeout, largest, kept, signal, patience = 1_000 } = options;
  return new Promise((resolve) => {
    const child = startOrWhy(program, args, env);
    if (typeof child === 'string') {
      const nothing = Buffer.alloc(0);
      resolve({ how: 'not-started', code: null, why: child, stdout: nothing, stderr: nothing });
      return;
    }
    const [stdin, stdout, stderr] = [
      child.stdin as Writable,
      child.stdout as Readable,
      child.stderr as Readable,
    ];
    const printed: Buffer[] = [];
    let size = 0;
    let said: Buffer = Buffer.alloc(0);
    let how: ProgramEnd['how'] = 'ended';
    let next: NodeJS.Timeout | undefined;
    let isOver = false;

    const finish = (code: number | null, why: string | null): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(limit);
      clearTimeout(next);
      signal.removeEventListener('abort', onAbort);
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      // What it left behind without its output could still make something when that has been taken back.
      killGroup(child.pid);
      resolve({ how, code, why, stdout: Buffer.concat(printed), stderr: said });
    };
    const after = (wait: Milliseconds, act: () => void): void => {
      clearTimeout(next);
      next = setTimeout(act, wait);
    };
    /** What does not even end when it is killed hangs in the kernel: nobody waits for that. */
    const kill = (): void => {
      killGroup(child.pid);
      after(patience, () => finish(null, 'SIGKILL'));
    };
    const stop = (reason: 'too-slow' | 'too-much' | 'stopped'): void => {
      if (isOver || how !== 'ended') return;
      how = reason;
      if (reason === 'too-much') kill();
      else {
        killGroup(child.pid, 'SIGTERM');
        after(patience, kill);
      }
    };
    const onAbort = (): void => stop('stopped');
    const limit = setTimeout(() => stop('too-slow'), timeout);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) stop('stopped');

    stdout.on('data', (chunk: Buffer) => {
      if (how === 'too-much') return;
      size += chunk.length;
      printed.push(chunk.subarray(0, Math.max(0, largest - (size - chunk.length))));
      if (size > largest) stop('too-much');
    });
    stderr.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk.subarray(-kept)]).subarray(-kept);
    });
    // It need not read what it is told; only its answer counts.
    stdin.on('error', () => undefined);
    stdin.end(input);
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      how = 'not-started';
      finish(null, error.code ?? 'unknown error');
    });
    child.on('exit', (code, by) => {
      if (isOver) return;
      clearTimeout(limit);
      // Something that it started still holds its output: all of the group goes, and what was said by then counts.
      after(how === 'ended' ? patience : 0, () => finish(code, by));
    });
    child.on('close', (code, by) => finish(code, by));
  });
}

/** The child, or the system's code for why there is none. */
function startOrWhy(
  program: string,
  args: readonly string[],
  env: ProgramOptions['env'],
): ReturnType<typeof startInGroup> | string {
  try {
    return startInGroup(program, args, { env, stdio: 'pipe' });
  } catch (thrown) {
    return errnoOf(thrown);
  }
}
