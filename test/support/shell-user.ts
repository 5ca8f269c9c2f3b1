// A user of jit who sits at terminals: each runs the user's own shell, with `jit` in its PATH, beside a real broker and a
// real PostgreSQL. Knows how an elevated shell is recognised, ended from elsewhere, and left.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PostgresServer } from './postgres.ts';
import { serve } from './served.ts';
import { type ShellKind, writeStartFiles } from './shell-kinds.ts';
import { missing, openTerminal, type Terminal } from './tmux.ts';
import { createWorld, type World } from './world.ts';

const launcher = path.join(import.meta.dirname, '../../bin/jit.js');

/** Far more than any machine needs. */
export const patience = { withinMs: 30_000 };

/** Why tests with these programs are skipped; null when all are there. */
export const noShells: string | null = missing('tmux', 'psql', 'vi', 'less');

/** What the end of a grant does to a shell; the target `<mode>-db` asks for it. */
export const modes = ['lock', 'terminate', 'close'] as const;
export type Mode = (typeof modes)[number];

/** Targets that differ in nothing but the end of a shell. */
function configWithModes(server: PostgresServer): string {
  const target = (mode: Mode): string => `
  ${mode}-db:
    provider: postgres
    host: ${server.host}
    port: ${server.port}
    database: orders
    user: jit_broker
    password: $SECRET
    on_end: ${mode}
    roles:
      read: { groups: [app_ro] }
      write: { groups: [app_rw] }`;
  return `
version: 1
targets:${modes.map(target).join('')}
entitlements:
  - { name: everything, who: [$ME], roles: ["*:*"], max_duration: 2h }
`;
}

/** The prompt of an elevated shell, with the own grant first. */
const elevatedPrompt = /^\[[\w-]+:\w+!?(?:\+\d+)? [0-9hms]+[^\]\n]*\] p>/m;
export const endedPrompt = /^\[jit ended[^\]\n]*\] p> $/m;

/** A shell under a grant. */
export interface Elevated {
  readonly terminal: Terminal;
  readonly grant: string;
}

export interface ShellUser {
  readonly world: World;
  /** A terminal with the user's shell and nothing in it yet. */
  open(shell: ShellKind, env?: Readonly<Record<string, string>>): Promise<Terminal>;
  /** A terminal with `jit elevate` alone in it, so that no shell around looks after jit; `jit=<code>` comes last. */
  openElevated(shell: ShellKind, args: string): Promise<Elevated>;
  /** Types `jit elevate` into it; `jit=<code>` is printed when the shell of the grant has been left. */
  elevate(terminal: Terminal, shell: ShellKind, args: string): Promise<Elevated>;
  /** From another terminal. */
  revoke(grant: string): Promise<void>;
}

/** The user of all tests of a place. */
export interface ServedUser extends ShellUser {
  readonly server: PostgresServer;
  /** Someone else, with a broker of their own beside the same server: no prompt shows what others hold. Gone after the test. */
  fresh(onTestFinished: (clean: () => Promise<void>) => void): ShellUser;
}

/** Call it where `beforeAll` may stand. Everything is gone after the tests of that place. */
export function serveShellUser(config: (server: PostgresServer) => string = configWithModes): ServedUser {
  const served = serve(18, config);
  let made: ShellUser | undefined;
  const user = (): ShellUser => {
    made ??= createUser(served.world);
    return made;
  };
  return {
    get server() {
      return served.server;
    },
    get world() {
      return user().world;
    },
    fresh(onTestFinished) {
      const world = createWorld(config(served.server));
      onTestFinished(() => world.remove());
      return createUser(world);
    },
    open: (...args) => user().open(...args),
    openElevated: (...args) => user().openElevated(...args),
    elevate: (...args) => user().elevate(...args),
    revoke: (...args) => user().revoke(...args),
  };
}

function createUser(world: World): ShellUser {
  prepareHome(world);
  let opened = 0;
  const openTerminalFor = async (
    shell: ShellKind,
    command: readonly string[],
    env = {},
  ): Promise<Terminal> => {
    opened += 1;
    return openTerminal({
      command,
      env: { ...terminalEnvironment(world), SHELL: shell.name, ...env },
      cwd: makeFolder(world, `work-${opened}`),
    });
  };
  return {
    world,
    async open(shell, env = {}) {
      const terminal = await openTerminalFor(shell, [shell.name, '-i'], env);
      await orClosed(terminal, () => terminal.waitFor(/^p> $/m, patience));
      return terminal;
    },
    async openElevated(shell, args) {
      const line = `jit elevate ${args}; echo jit=$?; read forever`;
      const terminal = await openTerminalFor(shell, ['sh', '-c', line]);
      return orClosed(terminal, () => untilElevated(terminal));
    },
    async elevate(terminal, shell, args) {
      await terminal.line(`clear; jit elevate ${args}; echo jit=${shell.status}`);
      return untilElevated(terminal);
    },
    async revoke(grant) {
      const { code, stderr } = await world.jit('revoke', grant);
      if (code !== 0) throw new Error(`not revoked: ${stderr}`);
    },
  };
}

/** What `use` makes of the terminal, which is closed when that fails. */
async function orClosed<T>(terminal: Terminal, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    await terminal.close();
    throw error;
  }
}

async function untilElevated(terminal: Terminal): Promise<Elevated> {
  const [, grant = ''] = await terminal.waitFor(/^jit: .*, grant (g\w+)$/m, patience);
  await terminal.waitFor(elevatedPrompt, patience);
  return { terminal, grant };
}

function prepareHome({ dir, env }: World): void {
  const bin = path.join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'jit'), `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`);
  chmodSync(path.join(bin, 'jit'), 0o755);
  writeStartFiles(env);
}

/** Of a terminal alone, because an editor that was ended leaves a swap file; `long.txt` is there to look at. */
function makeFolder({ dir }: World, name: string): string {
  const folder = path.join(dir, name);
  mkdirSync(folder);
  const lines = Array.from({ length: 200 }, (_, at) => `line ${at + 1} of a long file`);
  writeFileSync(path.join(folder, 'long.txt'), `${lines.join('\n')}\n`);
  return folder;
}

function terminalEnvironment({ dir, env }: World): Record<string, string> {
  const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return { ...Object.fromEntries(set), PATH: `${dir}/bin:${env['PATH']}`, PSQLRC: '/dev/null', LESS: '' };
}

/** As after any program that behaves: main screen, cursor, echo, whole lines. @throws with what is not so */
export async function checkTerminal(terminal: Terminal): Promise<void> {
  const shown = await terminal.ask('#{alternate_on} #{cursor_flag}');
  if (shown !== '0 1') throw new Error(`alternate screen and cursor are ${shown}`);
  await terminal.line('clear; stty -a | tr ";" "\\n"; echo stty-$(echo done)');
  const [settings] = await terminal.waitFor(/^speed[\s\S]*^stty-done$/m, patience);
  for (const setting of ['echo', 'icanon', 'isig', 'onlcr']) {
    if (!new RegExp(`(^|\\s)${setting}(\\s|$)`).test(settings))
      throw new Error(`${setting} is off:\n${settings}`);
  }
}
