// `jit demo`: the main job from end to end, on a real PostgreSQL in a temporary folder.
// Owns: the order of things, and that nothing stays behind, however it ends.

import { existsSync } from 'node:fs';
import os from 'node:os';
import { JitError, toJitError } from '../core/errors.ts';
import { systemClock } from '../system/clock.ts';
import { createCommands } from './commands.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { buildScene } from './scene.ts';
import * as story from './story.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Plays the demonstration.
 * @param options.shell ends in a shell with a grant, instead of the audit log
 * @param options.out where the story is written
 * @returns 0; 1 when anything was not as it must be; 2 for a shell without a terminal; 128+n after a signal
 */
export async function runDemo({
  shell,
  out,
}: {
  shell: boolean;
  out: (text: string) => void;
}): Promise<number> {
  const narrator = createNarrator(out, wantsColour());
  if (shell && !(process.stdin.isTTY && process.stdout.isTTY)) {
    narrator.fail('--shell needs a terminal');
    return 2;
  }
  const interruption = interruptible(shell);
  try {
    return await play(narrator, shell, interruption);
  } catch (thrown) {
    if (interruption.signal !== null) return interruption.exitCode();
    const error = toJitError(thrown);
    narrator.fail(error.code === 'ERR_INTERNAL' && thrown instanceof Error ? thrown.message : error.message);
    if (error.hint !== undefined) narrator.say(error.hint);
    return 1;
  } finally {
    interruption.end();
  }
}

const opening = [story.showTargets];
const closing = [story.rolesGone, story.audited];
const withShell = [...opening, story.playInShell, ...closing];
const toTheEnd = [...opening, story.readOnly, story.deniedByPolicy, story.cutAtDeadline, ...closing];

async function play(narrator: Narrator, shell: boolean, interruption: Interruption): Promise<number> {
  const began = systemClock.now();
  narrator.title('Setting the scene');
  const scene = await buildScene(narrator.colour);
  const commands = createCommands(scene);
  const stage = { scene, commands, narrator };
  const cleanUp = async (): Promise<boolean> => {
    await commands.end();
    const stopped = await story.stopBroker(stage).catch(() => false);
    await scene.remove();
    return stopped;
  };
  try {
    narrator.say(`PostgreSQL ${scene.version} runs in ${scene.folder}, with 40 customers and 400 orders.`);
    narrator.say('The broker logs in as "jit_broker": no superuser, it may only make roles and put them');
    narrator.say('into the groups "app_ro" and "app_rw". The policy is in config/jit/jit.yaml.');
    for (const act of shell ? withShell : toTheEnd) await Promise.race([act(stage), interruption.happened]);
  } catch (thrown) {
    await cleanUp();
    throw thrown;
  }
  narrator.title('Cleaning up');
  if (!(await cleanUp())) throw new JitError('ERR_CHECK_FAILED', 'expected the broker to stop when told to');
  if (existsSync(scene.folder))
    throw new JitError('ERR_CHECK_FAILED', `expected "${scene.folder}" to be gone`);
  const seconds = ((systemClock.now() - began) / 1000).toFixed(1);
  narrator.confirm(`broker, server and folder are gone; all of it took ${seconds} s`);
  return 0;
}

/** How a signal ends the story early. */
interface Interruption {
  readonly signal: NodeJS.Signals | null;
  /** Rejects when a signal comes. */
  readonly happened: Promise<never>;
  exitCode(): number;
  end(): void;
}

/** @param shell Ctrl-C belongs to the shell that is played in */
function interruptible(shell: boolean): Interruption {
  let received: NodeJS.Signals | null = null;
  let reject: (reason: Error) => void = () => undefined;
  const happened = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  // Nobody may be listening at the moment that it comes.
  happened.catch(() => undefined);
  const onSignal = (signal: NodeJS.Signals): void => {
    if (shell && signal === 'SIGINT') return;
    received ??= signal;
    reject(new Error(signal));
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    get signal() {
      return received;
    },
    happened,
    exitCode: () => 128 + (received === null ? 0 : os.constants.signals[received]),
    end: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

function wantsColour(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  return (NO_COLOR ?? '') === '' && TERM !== 'dumb' && process.stdout.isTTY === true;
}
