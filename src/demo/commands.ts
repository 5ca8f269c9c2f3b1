// Runs commands of the demonstration as a user would: as processes, with nothing but a scene's environment.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Scene } from './scene.ts';

/** What a command came to. */
export interface Ended {
  /** As a shell would tell it: 128+n after a signal. */
  readonly code: number;
  readonly stdout: string;
  /** stdout and stderr as they came. */
  readonly output: string;
}

/** Starts commands, and can end them all when the demonstration is interrupted. */
export interface Commands {
  run(name: string, args: readonly string[], options?: { onOutput?: (text: string) => void }): Promise<Ended>;
  /** On this terminal. */
  interactive(name: string, args: readonly string[]): Promise<number>;
  /** SIGTERM to whatever still runs, and waits for it; SIGKILL after a while. */
  end(): Promise<void>;
}

/** A command line as one would type it. */
export function typedLine(name: string, args: readonly string[]): string {
  const quote = (word: string): string => {
    if (/^[\w@%+=:,./-]+$/.test(word)) return word;
    return `"${word.replace(/["\\$`]/g, '\\$&')}"`;
  };
  return [name, ...args].map(quote).join(' ');
}

/** @param scene whose `bin` folder the commands are in */
export function createCommands(scene: Scene): Commands {
  const running = new Set<ChildProcess>();

  function start(
    name: string,
    args: readonly string[],
    stdio: 'inherit' | ['ignore', 'pipe', 'pipe'],
  ): ChildProcess {
    const child = spawn(path.join(scene.folder, 'bin', name), args, {
      env: scene.env,
      stdio,
      cwd: scene.env['HOME'],
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    return child;
  }

  const closed = (child: ChildProcess): Promise<number> =>
    new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : 15)));
    });

  return {
    async run(name, args, { onOutput } = {}) {
      const child = start(name, args, ['ignore', 'pipe', 'pipe']);
      let stdout = '';
      let output = '';
      child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk) => {
          output += String(chunk);
          onOutput?.(String(chunk));
        });
      }
      const code = await closed(child);
      return { code, stdout, output };
    },
    interactive: (name, args) => closed(start(name, args, 'inherit')),
    async end() {
      const ending = [...running].map((child) => {
        const gone = closed(child);
        child.kill('SIGTERM');
        setTimeout(() => child.kill('SIGKILL'), 8_000).unref();
        return gone;
      });
      await Promise.allSettled(ending);
    },
  };
}
