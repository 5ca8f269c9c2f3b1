// Ends what still runs when a grant has ended. Must not: write text to a terminal that a program is using.

import type { OnEnd } from '../core/shell-terms.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import type { Child } from './child.ts';
import { findHolders, type Holder, holdersOf, mayBeStopped } from './holders.ts';
import type { Integration } from './integration.ts';

const lookEvery = 100;
// After SIGHUP a stopped shell has to go on to act on it; sooner, it would miss it (bash).
const beforeContinue = 50;
// What is in front needs its shell to give the terminal back: from the background it may not touch it any more.
const headStart = 1_000;

interface Ending {
  readonly clock: Clock;
  /** Time between asking to end and SIGKILL. */
  readonly graceMs: Milliseconds;
}

/** What {@link endCommand} needs. */
export interface EndCommandOptions extends Ending {
  readonly child: Child;
  /** Id of the grant: whoever was started with it is ended too. */
  readonly grant: string;
}

/**
 * Ends a one-off command and every process that inherited its grant: SIGTERM, and SIGKILL for what is left
 * after the grace. The process group is left alone: it is also that of this process and of a whole pipeline.
 */
export async function endCommand({ child, grant, clock, graceMs }: EndCommandOptions): Promise<void> {
  // The child itself counts even where nobody can look into environments.
  const left = (): number[] => [
    ...(child.isRunning() ? [child.pid] : []),
    ...holdersOf(grant).filter((pid) => pid !== child.pid),
  ];
  await endAll(left, { clock, graceMs });
  await child.exited;
}

/** What {@link endShell} needs. */
export interface EndShellOptions extends EndCommandOptions {
  readonly integration: Integration;
  readonly onEnd: OnEnd;
}

/** What became of a shell. */
export interface ShellEnd {
  /**
   * `told`: its hook takes the secrets away at the next prompt and the shell stays. `closed`: the shell was ended.
   * `left`: it ended by itself meanwhile.
   */
  readonly how: 'told' | 'closed' | 'left';
  /** Settles when whatever else had to be ended is gone. */
  readonly othersGone: Promise<void>;
}

/**
 * Does to an interactive shell what the end of its grant is to do to it; see {@link OnEnd}. A shell whose hook did not
 * answer at its start is closed in any case: nobody else would take the secrets away.
 */
export async function endShell(options: EndShellOptions): Promise<ShellEnd> {
  const { child, grant, integration, onEnd } = options;
  // SIGURG is ignored by default: harmless to whatever the user may have put in the shell's place.
  child.kill('SIGURG');
  const othersGone =
    onEnd === 'lock'
      ? Promise.resolve()
      : endAll(
          othersThan(child.pid, onEnd, () => findHolders(grant)),
          options,
        );
  if (onEnd !== 'close') {
    await Promise.race([integration.settled, child.exited]);
    if (!child.isRunning()) return { how: 'left', othersGone };
    if (integration.isLoaded()) return { how: 'told', othersGone };
  }
  if (onEnd === 'close') await Promise.race([othersGone, pause(options.clock, headStart)]);
  await closeShell(options);
  return { how: 'closed', othersGone };
}

/**
 * Answers, at every call anew, whom to end besides the shell. Inner sessions see to their own end, as their grant ends with
 * this one; only a shell that is closed takes them along.
 */
export function othersThan(shell: number, onEnd: OnEnd, find: () => readonly Holder[]): () => number[] {
  // The jit of an inner session outlives its shell by a moment, and then nothing shows any more what it is.
  const sessions = new Set<number>();
  return () => {
    const found = find();
    for (const { pid, isOfSession } of found) if (isOfSession) sessions.add(pid);
    return found
      .map(({ pid }) => pid)
      .filter((pid) => pid !== shell && (onEnd === 'close' || !sessions.has(pid)));
  };
}

async function closeShell({ child, clock, graceMs }: EndShellOptions): Promise<void> {
  child.kill('SIGHUP');
  const cancels = [
    clock.after(beforeContinue, () => child.kill('SIGCONT')),
    clock.after(graceMs, () => child.kill('SIGKILL')),
  ];
  await child.exited;
  for (const cancel of cancels) cancel();
}

/** Asks each process that `left` names to end, once, also those that appear meanwhile; kills those left after the grace. */
async function endAll(left: () => readonly number[], { clock, graceMs }: Ending): Promise<void> {
  const asked = new Set<number>();
  const continued = new Set<number>();
  const ask = (): number => {
    const now = left();
    for (const pid of now) {
      if (!asked.has(pid)) signalProcess(pid, 'SIGTERM');
      asked.add(pid);
      // A stopped process acts on SIGTERM only when it is continued. To one that runs the same signal says to set up the
      // terminal again, which it is about to give back.
      if (continued.has(pid) || !mayBeStopped(pid)) continue;
      continued.add(pid);
      signalProcess(pid, 'SIGCONT');
    }
    return now.length;
  };
  // The clock's timers keep no process alive, and once the child is gone nothing else does.
  const stayAlive = setInterval(() => undefined, 60_000);
  let graceIsOver = false;
  const cancel = clock.after(graceMs, () => {
    graceIsOver = true;
  });
  while (ask() > 0 && !graceIsOver) await pause(clock, lookEvery);
  cancel();
  for (const pid of left()) signalProcess(pid, 'SIGKILL');
  clearInterval(stayAlive);
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
