// Runs one program and takes what it prints as a secret. Owns: its limits. Must not: use a shell, show any output.

import type { Readable } from 'node:stream';
import type { Milliseconds } from '../core/time.ts';
import { errnoOf, errnoText } from './errno.ts';
import { killGroup, startInGroup } from './process-group.ts';

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
  return new Promise<RunResult>((resolve) => {
    const child = startInGroup(program, args, { env: options.env, stdio: ['ignore', 'pipe', 'ignore'] });
    const stdout = child.stdout as Readable;
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (result: RunResult) => {
      clearTimeout(timer);
      stdout.destroy();
      resolve(result);
    };
    const stop = (why: string) => {
      killGroup(child.pid);
      finish({ outcome: 'failed', why });
    };
    const timer = setTimeout(() => stop(`no answer within ${options.timeout / 1000} s`), options.timeout);
    stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > options.largest) stop(`it printed more than ${options.largest} bytes`);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      finish({ outcome: 'failed', why: `it cannot be started: ${startText(error)}` });
    });
    child.on('close', (code, signal) => {
      if (code === 0) finish({ outcome: 'ok', stdout: Buffer.concat(chunks) });
      else
        finish({
          outcome: 'failed',
          why: signal ? `it was ended by ${signal}` : `it ended with code ${code}`,
        });
    });
  }).catch((thrown: unknown) => ({
    outcome: 'failed',
    why: `it cannot be started: ${startText(thrown)}`,
  }));
}

function startText(thrown: unknown): string {
  return errnoOf(thrown) === 'ENOENT' ? 'there is no such program' : errnoText(thrown);
}
