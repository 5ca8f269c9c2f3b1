// A shell on a terminal that is typed into, and how long it takes to the prompt of another one inside of it.
// The terminal is that of util-linux's script(1): Node has none.

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { quietFish } from '../test/support/quiet-fish.ts';

/** Shells whose prompt says `<ready-LEVEL-TARGET>`, which no typed line does. */
export const rcFiles = {
  bash: ['.bashrc', 'PS1="<ready-$SHLVL-$JIT_TARGET>"\n'],
  zsh: ['.zshrc', 'PROMPT="<ready-$SHLVL-$JIT_TARGET>"\n'],
  fish: [
    'fish/config.fish',
    'set -g fish_greeting\nfunction fish_prompt; echo -n "<ready-$SHLVL-$JIT_TARGET>"; end\n',
  ],
} as const;
export type ShellName = keyof typeof rcFiles;

const patience = 20_000;

/** Writes the start files of all shells for a user with this environment. */
export function writeRcFiles(env: Readonly<Record<string, string>>): void {
  const home = env['HOME'] ?? '';
  for (const [shell, [name, content]] of Object.entries(rcFiles)) {
    const folder = shell === 'fish' ? (env['XDG_CONFIG_HOME'] ?? path.join(home, '.config')) : home;
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  quietFish(home);
}

/** Whether there is a terminal to be had for this shell. */
export function canType(shell: ShellName): boolean {
  const isThere = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  return process.platform === 'linux' && isThere('script') && isThere(shell);
}

/** A shell that was started, at its prompt. */
export interface Typed {
  /**
   * Types a line that starts another shell, waits for the prompt of that one, calls `there` and leaves it.
   * @returns milliseconds to the prompt @throws Error when it does not come
   */
  open(line: string, target: string, there?: () => void): Promise<number>;
  close(): Promise<void>;
}

/** Starts a shell in which lines can be typed. */
export async function startTyping(shell: ShellName, env: Readonly<Record<string, string>>): Promise<Typed> {
  const child = spawn('script', ['-qc', shell, '/dev/null'], {
    env: { ...env, TERM: 'xterm', SHELL: '/bin/sh', SHLVL: '0' },
    cwd: env['HOME'],
  });
  const [level = ''] = await prompted(child, /<ready-(\d+)->/);
  return {
    async open(line, target, there) {
      const inner = prompted(child, new RegExp(`<ready-${Number(level) + 1}-${target}>`));
      const begin = performance.now();
      child.stdin.write(`${line}\r`);
      await inner;
      const taken = performance.now() - begin;
      there?.();
      const outer = prompted(child, new RegExp(`<ready-${level}->`));
      child.stdin.write('exit\r');
      await outer;
      return taken;
    },
    async close() {
      const closed = once(child, 'close');
      child.stdin.end('exit\r');
      await closed;
    },
  };
}

/** What the pattern's groups match in what is printed from now on. */
function prompted(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const look = (chunk: Buffer): void => {
      printed += chunk.toString('latin1');
      const match = pattern.exec(printed);
      if (match) over(() => resolve(match.slice(1)));
    };
    const giveUp = setTimeout(() => {
      over(() => reject(new Error(`no ${pattern} in: ${printed}`)));
      child.kill();
    }, patience);
    const over = (settle: () => void): void => {
      clearTimeout(giveUp);
      child.stdout.off('data', look);
      settle();
    };
    child.stdout.on('data', look);
  });
}
