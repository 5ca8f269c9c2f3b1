// Shows that something waits. The only file that knows the spinner library, loaded after half a second of waiting.

import type { Client } from '../client/client.ts';
import type { TargetsReply } from '../protocol/routes.ts';
import type { AskLook } from './ask.ts';
import { failureFlags } from './failure-flags.ts';
import type { World } from './world.ts';

const patience = 500;
/** Without a spinner; what takes as long as usual needs no line in a log. */
const longPatience = 5_000;
const longPause = 30_000;

/** Shows `text` with a spinner on stderr until the answer is called. */
export async function terminalSpinner(text: string, { colour, unicode }: AskLook): Promise<() => void> {
  // A terminal may say that it has no columns (expect, some containers); the spinner would count lines for ever.
  if (!process.stderr.columns) return () => {};
  const { default: ora } = await import('ora');
  const spinner = ora({
    text,
    stream: process.stderr,
    discardStdin: false,
    // Nobody brings it back after Ctrl-Z.
    hideCursor: false,
    // By itself it knows neither NO_COLOR nor the locale.
    ...(!colour && { color: false }),
    ...(!unicode && { spinner: 'line' as const }),
  }).start();
  return () => spinner.stop();
}

/**
 * On a terminal, shows a spinner with `text` from 500 ms on, until the answer is called. Elsewhere a line says so after five
 * seconds and then every thirty, but not with `--json`, where stderr is for the error object. With `--quiet` nothing does.
 */
export function showWaiting(world: World, text: string): () => void {
  if (world.out.quiet) return () => {};
  const animate = world.isTTY.stderr && !world.ci && world.env.TERM !== 'dumb' && !world.out.plain;
  if (!animate) return sayAtTimes(world, text);
  let isDone = false;
  let stop = (): void => {};
  const cancel = world.clock.after(patience, () => {
    world.spin(text).then(
      (end) => {
        if (isDone) end();
        else stop = end;
      },
      // A spinner that cannot be loaded is no reason to fail.
      () => {},
    );
  });
  return () => {
    isDone = true;
    cancel();
    stop();
  };
}

function sayAtTimes(world: World, text: string): () => void {
  if (failureFlags(world.argv).json) return () => {};
  const words = `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  let cancel = (): void => {};
  const sayAfter = (pause: number): void => {
    cancel = world.clock.after(pause, () => {
      world.out.note(`jit: still ${words} …`);
      sayAfter(longPause);
    });
  };
  sayAfter(longPatience);
  return () => cancel();
}

/** Work that can tell how far it is. */
export interface Counting {
  show(done: number, total: number): void;
  /** Removes the line, so that something else can be written. */
  clear(): void;
}

/**
 * On a terminal, a line such as `Exporting 42 %` on stderr from 500 ms on; elsewhere one line says after five seconds
 * that it goes on. Nothing while the result is written to the same terminal: it shows that it does.
 * @param isShared the result is written while this goes on, to a stdout that is a terminal
 */
export function counting(world: World, text: string, isShared = world.isTTY.stdout): Counting {
  const { isTTY, clock, out } = world;
  const isTerminal =
    isTTY.stderr && !isShared && !world.ci && world.env.TERM !== 'dumb' && !world.env.JIT_PLAIN;
  const began = clock.sinceBoot();
  let shown = '';
  let isTold = isShared;
  return {
    show(done, total) {
      const waited = clock.sinceBoot() - began;
      if (isTerminal && waited >= patience) {
        shown = `${text} ${total > 0 ? Math.floor((100 * done) / total) : 100} %`;
        world.stderr(`\r${shown}`);
      } else if (!isTerminal && !isTold && waited >= longPatience && !failureFlags(world.argv).json) {
        isTold = true;
        out.note(`jit: still ${text.charAt(0).toLowerCase()}${text.slice(1)} …`);
      }
    },
    clear() {
      if (shown !== '') world.stderr(`\r${' '.repeat(shown.length)}\r`);
      shown = '';
    },
  };
}

/** Waits for `work`; on a terminal, a spinner says so when it takes longer than 500 ms. */
export async function waiting<T>(world: World, text: string, work: Promise<T>): Promise<T> {
  const stop = showWaiting(world, text);
  try {
    return await work;
  } finally {
    stop();
  }
}

/** The list of targets: for thousands of roles the policy is asked for seconds. */
export function readTargets(world: World, client: Pick<Client, 'targets'>): Promise<TargetsReply> {
  return waiting(world, 'Reading the list of targets', client.targets());
}
