// A session at a terminal, recorded as the screen shows it, and what differs from run to run made the same.

import { setTimeout as delay } from 'node:timers/promises';
import { withoutDays } from './days.ts';
import { type ShellKind, shellKinds } from './shell-kinds.ts';
import { patience, type ShellUser } from './shell-user.ts';
import type { Terminal } from './tmux.ts';
import { me } from './world.ts';

/** One thing that the person does. */
export interface Step {
  /** The line that is typed. */
  readonly type: string;
  /** What the screen shows below that line before the person goes on. */
  readonly until: RegExp;
  /** What happens elsewhere before the line is typed. */
  readonly before?: (scene: Scene) => Promise<void>;
}

/** What steps may reach for. */
export interface Scene {
  readonly user: ShellUser;
  readonly terminal: Terminal;
}

/** A flow of the documentation. */
export interface Flow {
  readonly title: string;
  /** What is said above the recording. */
  readonly text: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Before the terminal is opened. */
  readonly prepare?: (user: ShellUser) => Promise<void>;
  readonly steps: readonly Step[];
}

/** Plays it in bash and answers the screen. */
export async function record(
  user: ShellUser,
  flow: Flow,
  clean: (close: () => Promise<void>) => void,
): Promise<string> {
  const [bash] = shellKinds as readonly [ShellKind];
  await flow.prepare?.(user);
  const terminal = await user.open(bash, flow.env);
  clean(() => terminal.close());
  for (const { type, until, before } of flow.steps) {
    await before?.({ user, terminal });
    const above = (await terminal.screen()).trimEnd().length;
    await terminal.line(type);
    await untilBelow(terminal, above, until);
  }
  const lines = (await terminal.screen()).trimEnd().split('\n');
  // The last prompt waits for what is not told any more.
  return mask(
    lines
      .slice(0, -1)
      .map((line) => line.trimEnd())
      .join('\n'),
    user,
  );
}

async function untilBelow(terminal: Terminal, above: number, pattern: RegExp): Promise<void> {
  const limit = performance.now() + patience.withinMs;
  for (;;) {
    const screen = (await terminal.screen()).trimEnd();
    if (pattern.test(screen.slice(above))) return;
    if (performance.now() > limit) throw new Error(`the screen never came to ${pattern}:\n${screen}`);
    await delay(40);
  }
}

/** Ids, names, paths, times and lengths as they could be on some afternoon. */
function mask(text: string, { world }: ShellUser): string {
  return (
    withoutDays(text)
      .replaceAll(/^((?:\[[^\]\n]*\] )?)p> ?/gm, '$1~ $ ')
      .replaceAll(world.env['HOME'] ?? '', '/home/ada')
      .replaceAll(world.dir, '/home/ada')
      .replaceAll(me, 'user:ada')
      .replace(/\bg[0-9a-hjkmnp-tv-z]{11}\b/g, 'gw2nz8xvap08')
      .replace(/\bjit_l[0-9a-hjkmnp-tv-z]{15}\b/g, 'jit_lfbpq97sdtcyj089')
      .replace(/\b\d{2}:\d{2}:\d{2}\b/g, '14:32:05')
      .replace(/(?<![:\d])\d{2}:\d{2}\b(?!:)/g, '14:32')
      // The warning comes at ten seconds.
      .replace(/(?<=:\w+!? )(1[1-9]|20)s(?=[,\]])/g, '19s')
      .replace(/(?<=:\w+!? )(\d|10)s(?=[,\]])/g, '9s')
      .replace(/(?<=ends in )\d+s/g, '9s')
      .replace(/(?<=\()\d+s(?=\))/g, '20s')
      .replace(/(?<=after )\d+s/g, '8s')
      .replace(/"[^"\n]*\/socket\/\.s\.PGSQL\.\d+"/g, '"/var/run/postgresql/.s.PGSQL.5432"')
  );
}
