// What may be in front when a grant ends, and how a user who still has it goes on and leaves it.

import { patience } from './shell-user.ts';
import type { Terminal } from './tmux.ts';

export interface Foreground {
  readonly name: string;
  /** Brings it to the front, and answers once it is there. */
  start(terminal: Terminal): Promise<void>;
  /** Uses it after the end of a grant that left it alone, and leaves it. @throws when it no longer works as it should */
  goOn(terminal: Terminal): Promise<void>;
}

// Of bash: dash starts programs by vfork, and a Ctrl-Z between that and the exec stops the child and never dash.
const ticking = `bash -c 'while :; do echo tick; sleep 0.1; done'`;

/** By what the issue names. */
export const foregrounds: readonly Foreground[] = [
  {
    name: 'a half-typed line',
    async start(terminal) {
      await terminal.type('echo half-ty');
      await terminal.waitFor(/p> echo half-ty$/m, patience);
    },
    async goOn(terminal) {
      await terminal.line('ped');
      await terminal.waitFor(/^half-typed$/m, patience);
    },
  },
  {
    name: 'vi',
    async start(terminal) {
      await terminal.line('vi long.txt');
      await terminal.waitFor(/^line 20 of[\s\S]*long\.txt/m, patience);
      await terminal.press('o');
      await terminal.type('written');
      await terminal.waitFor(/^written$/m, patience);
    },
    async goOn(terminal) {
      await terminal.type(' before and after');
      await terminal.waitFor(/^written before and after$/m, patience);
      await terminal.press('Escape');
      await terminal.line(':q!');
    },
  },
  {
    name: 'psql',
    async start(terminal) {
      await terminal.line('psql');
      await terminal.waitFor(/^orders=> $/m, patience);
      await terminal.line('SELECT 6 * 7 AS answer;');
      await terminal.waitFor(/^ +42$/m, patience);
    },
    async goOn(terminal) {
      await terminal.line('SELECT 1;');
      await terminal.waitFor(/terminating connection|connection to server|not currently connected/, patience);
      await terminal.line('\\q');
    },
  },
  {
    name: 'less',
    async start(terminal) {
      await terminal.line('less long.txt');
      await terminal.waitFor(/^line 1 of[\s\S]*^line 20 of/m, patience);
    },
    async goOn(terminal) {
      await terminal.press('G');
      await terminal.waitFor(/^line 200 of/m, patience);
      await terminal.press('q');
    },
  },
  {
    name: 'a loop',
    async start(terminal) {
      await terminal.line(ticking);
      await terminal.waitFor(/^tick\ntick$/m, patience);
    },
    async goOn(terminal) {
      await terminal.press('C-c');
    },
  },
  {
    name: 'a stopped job',
    async start(terminal) {
      await terminal.line(ticking);
      await terminal.waitFor(/^tick\ntick$/m, patience);
      await terminal.press('C-z');
      await terminal.waitFor(/[Ss]topped|suspended/, patience);
      await terminal.waitFor(/\] p> $/m, patience);
    },
    async goOn(terminal) {
      await terminal.line('fg');
      await terminal.waitFor(/\] p> fg *\n[\s\S]*^tick$/m, patience);
      await terminal.press('C-c');
    },
  },
];
