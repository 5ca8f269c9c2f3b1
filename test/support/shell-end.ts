// One row of the table of ends: a shell under a grant, something in front, the grant ends, and what is then true.

import type { ExpectStatic } from 'vitest';
import { holdersOf } from '../../src/shell/holders.ts';
import { argumentsOf } from './proc.ts';
import type { ShellKind } from './shell-kinds.ts';
import type { Foreground } from './shell-programs.ts';
import {
  checkTerminal,
  type Elevated,
  endedPrompt,
  type Mode,
  patience,
  type ShellUser,
} from './shell-user.ts';
import type { Terminal } from './tmux.ts';
import { until } from './until.ts';

export interface Row {
  readonly shell: ShellKind;
  readonly mode: Mode;
  readonly foreground: Foreground;
}

/** Plays it on a fresh terminal, which is closed whatever happens. @throws when anything is not as documented */
export async function playEnd(
  user: ShellUser,
  { shell, mode, foreground }: Row,
  expect: ExpectStatic,
): Promise<void> {
  const terminal = await user.open(shell);
  try {
    const elevated = await user.elevate(terminal, shell, `${mode}-db:write --for 30m`);
    await foreground.start(terminal);
    await user.revoke(elevated.grant);
    if (mode === 'close') await checkClosed(elevated, expect);
    else await checkStays(elevated, { shell, mode, foreground }, expect);
  } finally {
    await terminal.close();
  }
}

/** The shell is there, its grant is not. */
async function checkStays({ terminal, grant }: Elevated, row: Row, expect: ExpectStatic): Promise<void> {
  const { shell, mode, foreground } = row;
  const isLine = foreground.name === 'a half-typed line';
  // In a mode that ends programs, what was in front has gone by itself; a line that was being typed is no program.
  if (mode === 'lock' || isLine) await foreground.goOn(terminal);
  // bash tells of a change at its next prompt.
  else if (foreground.name === 'a stopped job') await terminal.press('Enter');
  await terminal.waitFor(endedPrompt, patience);
  await terminal.waitFor(/^ *jit: \w+-db:write has ended; /m, patience);
  // After a vi that a signal has ended, zsh and fish keep its settings of the line, also without jit.
  if (mode === 'terminate' && foreground.name === 'vi' && shell.name !== 'bash')
    await terminal.line('stty sane');
  await checkTerminal(terminal);
  await checkNoAccess(terminal);
  if (mode === 'terminate') {
    const rest = async () => expect(holdersOf(grant).filter((pid) => !isShell(pid, shell))).toEqual([]);
    await until(rest);
  }
  await terminal.line('clear');
  await terminal.waitFor(/^\[jit ended[^\]\n]*\] p> $/m, patience);
  await terminal.line('exit 7');
  await terminal.waitFor(/^jit=7$/m, patience);
  await terminal.waitFor(/^p> $/m, patience);
}

async function checkClosed({ terminal, grant }: Elevated, expect: ExpectStatic): Promise<void> {
  await terminal.waitFor(/^jit=124/m, patience);
  await terminal.waitFor(/^p> $/m, patience);
  await checkTerminal(terminal);
  const screen = await terminal.screen();
  expect(screen).not.toMatch(/^half-ty/m);
  await until(() => expect(holdersOf(grant)).toEqual([]));
}

/** A new login of the same environment is refused, in words. */
async function checkNoAccess(terminal: Terminal): Promise<void> {
  await terminal.line('clear; psql -c "SELECT 1"; echo psql-$(echo done)');
  const [said] = await terminal.waitFor(/^psql: [\s\S]*^psql-done$/m, patience);
  if (/1 row/.test(said)) throw new Error(`psql still gets in:\n${said}`);
}

function isShell(pid: number, { name }: ShellKind): boolean {
  return argumentsOf(pid)[0]?.endsWith(name) ?? false;
}
