// TAB in real shells on a real terminal: what a person sees.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { shellsToTest } from '../../support/fish4.ts';
import { missing, openTerminal, type Terminal } from '../../support/tmux.ts';
import { completions, useCompletionScene } from './scene.ts';

const scene = useCompletionScene();

const shells = [
  {
    shell: 'bash',
    command: ['bash', '--norc', '--noprofile', '-i'],
    setUp: `PS1='ready> '; PATH=/nonexistent; . ${completions}/jit-completion.bash; bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0'`,
  },
  {
    shell: 'zsh',
    command: ['zsh', '-f', '-i'],
    setUp: `PROMPT='ready> '; autoload -Uz compinit; compinit -D; fpath=(${completions} $fpath); autoload -Uz _jit; compdef _jit jit; PATH=/nonexistent; setopt no_auto_menu no_always_last_prompt`,
  },
  {
    shell: 'fish',
    command: ['fish', '--no-config', '-i'],
    setUp: `function fish_prompt; echo -n 'ready> '; end; source ${completions}/jit-completion.fish; set -gx PATH /nonexistent`,
  },
];

/** What one TAB makes of a line when only one word fits. */
const completed: [typed: string, becomes: string][] = [
  ['jit elev', 'jit elevate '],
  ['jit policy ch', 'jit policy check '],
  ['jit elevate --rea', 'jit elevate --reason '],
  ['jit elevate orders-db:w', 'jit elevate orders-db:write '],
  ['jit elevate --reason "INC 4711" orders-db:re', 'jit elevate --reason "INC 4711" orders-db:read '],
  ['jit elevate orders-db:read --scope cu', 'jit elevate orders-db:read --scope customers '],
  ['jit elevate aws-prod --role ad', 'jit elevate aws-prod --role admin '],
  ['jit elevate x --for 3', 'jit elevate x --for 30m '],
  ['jit elevate x --for=3', 'jit elevate x --for=30m '],
  ['jit revoke g', 'jit revoke g7f3k2 '],
  ['jit extend h9', 'jit extend h9xk01 '],
  ['jit doctor orders-t', 'jit doctor orders-test '],
  ['jit help exi', 'jit help exit-codes '],
  ['jit completion z', 'jit completion zsh '],
  ['jit elevate orders-ev', 'jit elevate orders-ev'],
  ['jit elevate $(: >ran) --scope cu', 'jit elevate $(: >ran) --scope cu'],
  ['jit elevate "a[$(: >ran)]" --role re', 'jit elevate "a[$(: >ran)]" --role re'],
  ['jit elevate orders-evil --scope o', 'jit elevate orders-evil --scope o'],
  ['jit elevate orders-db -- orders-d', 'jit elevate orders-db -- orders-d'],
];

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

async function start(command: readonly string[], setUp: string): Promise<Terminal> {
  const terminal = await openTerminal({ command, env: scene.env, cwd: scene.folder });
  await terminal.line(setUp);
  await terminal.waitFor(/ready>\s*$/);
  return terminal;
}

/** Empties the line. */
async function clear(terminal: Terminal): Promise<void> {
  await terminal.press('C-u');
  await terminal.waitFor(/ready>\s*$/);
}

const tested = shellsToTest(shells, ({ shell }) => shell);

describe.each(tested)('$shell', ({ shell, command, setUp }) => {
  const absent = missing('tmux', shell);

  test.skipIf(absent)(
    `TAB completes what only one word fits${absent ? ` (skipped: ${absent})` : ''}`,
    async () => {
      const terminal = await start(command, setUp);
      try {
        for (const [typed, becomes] of completed) {
          await terminal.type(typed);
          await terminal.press('Tab');
          // A mark shows the blank behind a word, and that TAB has been answered.
          await terminal.type('!');
          await terminal.waitFor(new RegExp(`^ready> ${quoted(becomes)}!\\s*$`, 'm'));
          await clear(terminal);
        }
      } finally {
        await terminal.close();
      }
      expect(existsSync(scene.ran)).toBe(false);
    },
    60_000,
  );

  test.skipIf(absent)('TAB lists the targets, and after one the roles too', async () => {
    const terminal = await start(command, setUp);
    try {
      await terminal.type('jit elevate ');
      await terminal.press('Tab');
      await terminal.waitFor(/aws-prod\s+orders-db\s+orders-test\s+repos/);
      await terminal.type('orders-db');
      await terminal.press('Tab');
      await terminal.waitFor(/orders-db:read\s+orders-db:write/);
      expect(await terminal.screen()).not.toMatch(/evil|quote|ran/);
    } finally {
      await terminal.close();
    }
    expect(existsSync(scene.ran)).toBe(false);
  });

  const untraced = absent ?? missing('strace');
  test.skipIf(untraced)(
    `TAB forks nothing${untraced ? ` (skipped: ${untraced})` : ''}`,
    async () => {
      const trace = path.join(scene.folder, `${shell}.trace`);
      writeFileSync(trace, '');
      const processes = (): string[] =>
        readFileSync(trace, 'utf8')
          .split('\n')
          // A thread is no process.
          .filter((call) => /\b(v?fork|clone3?|execve)\(/.test(call) && !call.includes('CLONE_THREAD'));
      const terminal = await start(
        ['strace', '-f', '--seccomp-bpf', '-qq', '-e', 'trace=process', '-o', trace, ...command],
        setUp,
      );
      try {
        // The first TAB may load functions of the shell's own.
        for (const round of [1, 2]) {
          const before = processes().length;
          expect(before).toBeGreaterThan(0);
          for (const typed of [
            'jit elevate orders-db:w',
            'jit elevate orders-db:read --scope cu',
            'jit revoke g',
          ]) {
            await terminal.type(typed);
            await terminal.press('Tab');
            await terminal.type(`!${round}`);
            await terminal.waitFor(new RegExp(`^ready> ${quoted(typed)}\\S+ !${round}\\s*$`, 'm'));
            await clear(terminal);
          }
          expect(processes().slice(before)).toEqual([]);
        }
      } finally {
        await terminal.close();
      }
    },
    30_000,
  );
});
