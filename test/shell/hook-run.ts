// Runs a prompt hook without a terminal: an interactive shell without files of a user, the hook, and some commands.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { shellsToTest } from '../support/fish4.ts';
import { quietFish } from '../support/quiet-fish.ts';

const completions = path.join(import.meta.dirname, '../../completions');

/** How each shell is started, how it prints its prompt as a terminal would get it, and what runs its hook. */
export const hookShells = {
  bash: { args: ['--norc', '--noprofile', '-i'], render: `printf '%s' "\${PS1@P}"`, prompt: '_jit_precmd' },
  zsh: { args: ['-f', '-i'], render: 'print -nP -- $PROMPT', prompt: '_jit_precmd' },
  fish: {
    args: ['--no-config', '-i'],
    render: 'fish_prompt',
    prompt: '_jit_on_prompt',
  },
} as const;

/** A shell with a hook. */
export type HookShell = keyof typeof hookShells;

/** The shells to run tests of hooks in. */
export const hookShellNames = shellsToTest(Object.keys(hookShells) as HookShell[], (name) => name);

const ownPrompt: Readonly<Record<HookShell, string>> = {
  bash: `PS1='> '`,
  zsh: `PROMPT='> '`,
  fish: `function fish_prompt; echo -n '> '; end`,
};

/** A fresh folder with a prompt-state file; what runs in it sees no other. */
export interface HookScene {
  readonly folder: string;
  readonly stateFile: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** Writes the state file as the broker does; each line without its newline. */
  writeState(...lines: string[]): void;
  /** The command line that sources the hook and then runs `commands`, and its environment. */
  commandLine(
    shell: HookShell,
    commands: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): { command: [string, ...string[]]; env: Record<string, string> };
  /** Runs it. What bash says about the missing terminal is not part of stderr. */
  run(
    shell: HookShell,
    commands: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): { stdout: string; stderr: string };
  remove(): void;
}

/** Makes a scene whose own grant, where `env` of a run names it, is `gown`. */
export function makeHookScene(): HookScene {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-hook-'));
  const stateFile = path.join(folder, 'prompt');
  quietFish(folder);
  const scene: HookScene = {
    folder,
    stateFile,
    now: Math.floor(Date.now() / 1000),
    writeState: (...lines) => writeFileSync(stateFile, ['jit1 3', ...lines, ''].join('\n'), { mode: 0o600 }),
    commandLine(shell, commands, env = {}) {
      const script = path.join(folder, `script.${shell}`);
      const lines = [ownPrompt[shell], `source '${completions}/jit.${shell}'`, ...commands, ''];
      writeFileSync(script, lines.join('\n'));
      return {
        command: [shell, ...hookShells[shell].args, script],
        env: {
          PATH: process.env['PATH'] ?? '/usr/bin:/bin',
          HOME: folder,
          LANG: 'C.UTF-8',
          TERM: 'xterm-256color',
          JIT_STATE_FILE: stateFile,
          ...env,
        },
      };
    },
    run(shell, commands, env) {
      const { command, env: whole } = scene.commandLine(shell, commands, env);
      const [program, ...args] = command;
      const { stdout, stderr } = spawnSync(program, args, {
        env: whole,
        cwd: folder,
        encoding: 'utf8',
        timeout: 20_000,
        killSignal: 'SIGKILL', // a stopped shell heeds no other
      });
      return { stdout, stderr: stderr.replace(/^bash: (cannot set terminal|no job control).*\n/gm, '') };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  return scene;
}

/** What `jit elevate` tells the shell of the grant `gown`, which ends at `end`. */
export const ownGrant = (end: number): Record<string, string> => ({
  JIT_GRANT_ID: 'gown',
  JIT_TARGET: 'prod-db',
  JIT_ROLE: 'write',
  JIT_RISK: 'high',
  JIT_GRANT_STATE: 'active',
  JIT_GRANT_EXP: String(end),
  JIT_DROP: 'DATABASE_URL',
  DATABASE_URL: 'secret',
});
