// Ends what still runs when a grant has ended. Must not: write text to a terminal that a program is using.

import type { Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import type { Child } from './child.ts';
import { holdersOf } from './holders.ts';
import type { Integration } from './integration.ts';

const lookEvery = 100;

/** What {@link endCommand} needs. */
export interface EndCommandOptions {
  readonly child: Child;
  /** Id of the grant: whoever was started with it is ended too. */
  readonly grant: string;
  readonly clock: Clock;
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: Milliseconds;
}

/**
 * Ends a one-off command and every process that inherited its grant: SIGTERM, and SIGKILL for what is left
 * after the grace. The process group is left alone: it is also that of this process and of a whole pipeline.
 */
export async function endCommand({ child, grant, clock, graceMs }: EndCommandOptions): Promise<void> {
  const everyone = (signal: NodeJS.Signals) => {
    child.kill(signal);
    for (const pid of holdersOf(grant)) if (pid !== child.pid) signalProcess(pid, signal);
  };
  // The clock's timers keep no process alive, and once the child is gone nothing else does.
  const stayAlive = setInterval(() => undefined, 60_000);
  let graceIsOver = false;
  const cancel = clock.after(graceMs, () => {
    graceIsOver = true;
  });
  everyone('SIGTERM');
  everyone('SIGCONT'); // a stopped process acts on SIGTERM only when it is continued
  while (!graceIsOver && (child.isRunning() || holdersOf(grant).length > 0)) await pause(clock, lookEvery);
  cancel();
  everyone('SIGKILL');
  await child.exited;
  clearInterval(stayAlive);
}

/** What {@link endShell} needs. */
export interface EndShellOptions {
  readonly child: Child;
  readonly integration: Integration;
  readonly clock: Clock;
  /** Time between SIGHUP and SIGKILL. */
  readonly graceMs: Milliseconds;
}

/**
 * Tells an interactive shell that its grant has ended. `told`: its hook takes the variables away at the next
 * prompt and the shell stays. `closed`: no hook answered at the start, so the shell was ended. `left`: it
 * ended by itself meanwhile.
 */
export async function endShell(options: EndShellOptions): Promise<'told' | 'closed' | 'left'> {
  const { child, integration, clock, graceMs } = options;
  // SIGURG is ignored by default: harmless to whatever the user may have put in the shell's place.
  child.kill('SIGURG');
  await Promise.race([integration.settled, child.exited]);
  if (!child.isRunning()) return 'left';
  if (integration.isLoaded()) return 'told';
  child.kill('SIGHUP');
  const cancels = [
    clock.after(50, () => child.kill('SIGCONT')),
    clock.after(graceMs, () => child.kill('SIGKILL')),
  ];
  await child.exited;
  for (const cancel of cancels) cancel();
  return 'closed';
}

/** Brings back what a program that was killed may have left: main screen, cursor, paste mode, colours. */
export function repairTerminal(): void {
  if (process.stderr.isTTY) process.stderr.write('\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[0m\r\n');
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone between the look and the signal.
  }
}

function pause(clock: Clock, delay: Milliseconds): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delay, resolve);
  });
}
