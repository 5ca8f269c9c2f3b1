// Starts one of the processes of this folder and collects what it says, line by line.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface Started {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: string[];
  /** Resolves once `count` lines were said, or when the process has ended. */
  said(count: number): Promise<void>;
  readonly ended: Promise<unknown>;
}

/** `limit`: largest file that the process may write, in blocks of the shell's `ulimit -f`. */
export function startChild(
  name: 'writer' | 'locker',
  path: string,
  limit: number | 'unlimited' = 'unlimited',
): Started {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const command = `ulimit -f ${limit} && exec "$0" "$@"`;
  const child = spawn('/bin/sh', ['-c', command, process.execPath, script, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  const ended = once(child, 'close');
  return {
    process: child,
    lines,
    ended,
    async said(count) {
      let over = false;
      void ended.then(() => {
        over = true;
      });
      while (lines.length < count && !over) await Promise.race([once(child.stdout, 'data'), ended]);
    },
  };
}
