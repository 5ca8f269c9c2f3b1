// What the prompt hook of each shell costs a prompt, beside one fork: `$(cat file)`, the least that a prompt pays which
// asks another program. Each shell times itself, without its own start, and fails when the prompt shows the wrong text.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { quietFish } from '../test/support/quiet-fish.ts';
import { starshipFolder } from '../test/support/starship.ts';
import { median } from './measure.ts';
import { countForks } from './prompt-forks.ts';

const completions = path.join(import.meta.dirname, '..', 'completions');
const plainStart = { bash: ['--norc', '--noprofile'], zsh: ['-f'], fish: ['--no-config'] } as const;
/** Prompts in one run of a shell; of those that fork a hundredth. */
const prompts = { bash: 10_000, zsh: 10_000, fish: 2_000 } as const;
const rounds = 5;

type Shell = keyof typeof plainStart;
type Measured = 'hook' | 'anew' | 'cat';

/** Microseconds a prompt, medians of {@link rounds}. */
export interface PromptFigures {
  readonly noFile: number;
  readonly oneGrant: number;
  readonly fiveGrants: number;
  readonly ownGrant: number;
  /** The five again, when what the prompt shows has to be made anew: once a minute, and when the file changes. */
  readonly madeAnew: number;
  readonly oneFork: number;
  /** Processes that ten prompts start; null: strace is not installed. */
  readonly forks: number | null;
}

/** Measures each shell that is there; null: it is not. @throws Error when one of them shows the wrong text */
export function benchPrompt(): Readonly<Record<Shell, PromptFigures | null>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'jit-bench-'));
  try {
    quietFish(folder);
    const of = (shell: Shell) => (isInstalled(shell) ? measure(folder, shell) : null);
    return { bash: of('bash'), zsh: of('zsh'), fish: of('fish') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** Microseconds of starship's own module for AWS credentials, a process a prompt; null: no starship in the PATH or among the peers. */
export function benchStarship(): number | null {
  const env = {
    ...process.env,
    PATH: `${process.env['PATH'] ?? ''}${path.delimiter}${starshipFolder}`,
    AWS_PROFILE: 'bench',
    AWS_CREDENTIAL_EXPIRATION: '2126-01-01T00:00:00Z',
  };
  if (spawnSync('starship', ['module', 'aws'], { env }).status !== 0) return null;
  const times = Array.from({ length: 25 }, () => {
    const begin = performance.now();
    spawnSync('starship', ['module', 'aws'], { env });
    return (performance.now() - begin) * 1000;
  });
  return median(times);
}

// Hours ahead: a text of whole minutes that stays as it is while it is measured.
const ahead = (hours: number): number => Math.floor(Date.now() / 1000) + hours * 3600 + 50;
const targets = ['staging:read', 'prod-db:write', 'aws-prod:admin', 'repos:push', 'wiki:edit'];

interface Scene {
  readonly grants: number;
  readonly own?: true;
  readonly expected: string;
}

function measure(folder: string, shell: Shell): PromptFigures {
  const own: Scene = { grants: 1, own: true, expected: 'staging:read 1h0m' };
  const one: Scene = { grants: 1, expected: 'staging:read 1h0m' };
  const five: Scene = {
    grants: 5,
    expected: 'staging:read 1h0m, prod-db:write 2h0m, aws-prod:admin 3h0m, +2',
  };
  const time = (scene: Scene, what: Measured, times: number): number =>
    median(Array.from({ length: rounds }, () => run(folder, shell, scene, what, times) / times));
  const often = prompts[shell];
  return {
    noFile: time({ grants: 0, expected: '' }, 'hook', often),
    oneGrant: time(one, 'hook', often),
    fiveGrants: time(five, 'hook', often),
    ownGrant: time(own, 'hook', often),
    madeAnew: time(five, 'anew', often / 10),
    oneFork: time(one, 'cat', often / 100),
    forks: forksOf(folder, shell, five),
  };
}

function forksOf(folder: string, shell: Shell, scene: Scene): number | null {
  const count = (times: number) => {
    const { command, env } = prepare(folder, shell, scene, 'hook', times);
    return countForks(command, env);
  };
  const [few, many] = [count(1), count(11)];
  return few === null || many === null ? null : many - few;
}

function prepare(
  folder: string,
  shell: Shell,
  { grants, own, expected }: Scene,
  what: Measured,
  times: number,
) {
  const stateFile = path.join(folder, 'prompt');
  rmSync(stateFile, { force: true });
  const lines = targets.slice(0, grants).map((name, i) => {
    return `${ahead(i + 1)} g${i} ${name.replace(':', ' ')} medium active`;
  });
  if (grants > 0) writeFileSync(stateFile, ['jit1 3', ...lines, ''].join('\n'), { mode: 0o600 });
  const script = path.join(import.meta.dirname, `prompt.${shell}`);
  const hook = path.join(completions, `jit.${shell}`);
  return {
    command: [shell, ...plainStart[shell], '-i', script, hook, String(times), what],
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: folder,
      TERM: 'xterm',
      LANG: 'C.UTF-8',
      JIT_STATE_FILE: stateFile,
      BENCH_EXPECTED: expected,
      ...(own && {
        JIT_GRANT_ID: 'g0',
        JIT_TARGET: 'staging',
        JIT_ROLE: 'read',
        JIT_GRANT_STATE: 'active',
        JIT_GRANT_EXP: String(ahead(1)),
      }),
    },
  };
}

function run(folder: string, shell: Shell, scene: Scene, what: Measured, times: number): number {
  const { command, env } = prepare(folder, shell, scene, what, times);
  const [program = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  const microseconds = Number(stdout.trimEnd().split(/[\n ]/).at(-1));
  if (status !== 0 || !(microseconds > 0)) throw new Error(`${shell} ended with ${status}: ${stderr}`);
  return microseconds;
}
