// The grant as options of the tmux pane that its shell is in, for tmux's status line: @jit_exp (epoch seconds) and
// @jit_target. tmux counts down and hides it by itself. Must not: fail; it is a nicety.

import { execFile } from 'node:child_process';
import type { Instant } from '../core/time.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const names = ['@jit_exp', '@jit_target'] as const;

/** The options of one pane. */
export interface TmuxPane {
  show(target: string, deadline: Instant): Promise<void>;
  /** Gives back what was there before, which is that of the shell around, or nothing. */
  restore(): Promise<void>;
}

const noPane: TmuxPane = { show: async () => undefined, restore: async () => undefined };

/** The pane that `env` is of; one that does nothing where it is of none. */
export function tmuxPane(env: Environment): TmuxPane {
  const pane = env['TMUX_PANE'];
  if (!env['TMUX'] || !pane || !/^%\d+$/.test(pane)) return noPane;
  const run = (...args: string[]) => runTmux(env, args);
  const set = (values: readonly string[]) =>
    run(
      ...names.flatMap((name, at) => {
        const value = values[at];
        const option = value === undefined ? ['-u', name] : [name, value];
        return [...(at === 0 ? [] : [';']), 'set-option', '-p', '-t', pane, ...option];
      }),
    );
  const get = (name: string) => run('show-options', '-pqv', '-t', pane, name);
  let before: Promise<readonly string[]> | null = null;
  return {
    async show(target, deadline) {
      before ??= Promise.all(names.map(get));
      await before;
      await set([String(Math.floor(deadline / 1000)), target.replace(/[^A-Za-z0-9._/@:+-]/g, '_')]);
    },
    async restore() {
      const values = (await before) ?? [];
      if (before) await set(values.every(Boolean) ? values : []);
    },
  };
}

/** What it printed, without the newline; empty when it failed. */
function runTmux(env: Environment, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { env: { PATH: env['PATH'], TMUX: env['TMUX'] }, timeout: 2_000 };
    execFile('tmux', args, options, (_error, stdout) => resolve(stdout.trimEnd()));
  });
}
