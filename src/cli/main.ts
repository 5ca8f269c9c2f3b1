// The entry of the `jit` command: wires the real world to run.ts. The one place that exits.

import { existsSync, fstatSync } from 'node:fs';
import path from 'node:path';
import { connect } from '../client/connect.ts';
import { JitError } from '../core/errors.ts';
import { findBrowser } from '../system/browser.ts';
import { systemClock } from '../system/clock.ts';
import { errnoText, writeErrnoHint } from '../system/errno.ts';
import { resolvePaths } from '../system/paths.ts';
import { ownSession } from '../system/process-info.ts';
import { systemRandom } from '../system/random.ts';
import { version } from '../system/version.ts';
import { type AskStreams, terminalAsker } from './ask.ts';
import { plainAsker } from './ask-plain.ts';
import { wantsColour } from './colour.ts';
import { exitCodeFor, showFailure } from './errors.ts';
import { failureFlags } from './failure-flags.ts';
import { loadOffline, openBroker, runDemo } from './heavy.ts';
import { mannersOf } from './manners.ts';
import { createOutput } from './output.ts';
import { terminalSpinner } from './progress.ts';
import { readInput } from './read-input.ts';
import { runCli } from './run.ts';
import { markFile, ReaderGone, standardStream, syncFile, writeWhole } from './standard-stream.ts';
import type { ScreenTerminal } from './watch/screen.ts';
import { closeOwnBroker, openScreen, runSession } from './whole.ts';
import type { OwnBroker } from './world.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function onSignal(callback: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of signals) process.on(signal, callback);
  return () => {
    for (const signal of signals) process.off(signal, callback);
  };
}

function onContinue(callback: () => void): () => void {
  process.on('SIGCONT', callback);
  return () => process.off('SIGCONT', callback);
}

const stop = (): void => void process.kill(0, 'SIGTSTP');

/** Thrown where it was written, so that a command takes back what it made for a result that nobody gets. */
function giveUp(cause: NodeJS.ErrnoException): never {
  if (cause.code === 'EPIPE') throw new ReaderGone();
  throw new JitError('ERR_INTERNAL', `cannot write the result: ${errnoText(cause)}`, {
    hint: writeErrnoHint(cause, 'look at where standard output leads'),
  });
}

/** Pipes and files are told apart without loading node:tty. */
function isTerminal(descriptor: number): boolean {
  return fstatSync(descriptor).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(descriptor);
}

/** The terminal of this process, as a picture needs it. */
function terminal(write: (text: string) => void): ScreenTerminal {
  const { stdin, stdout } = process;
  return {
    write,
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    raw: (on) => void stdin.setRawMode(on),
    stop: () => process.kill(0, 'SIGSTOP'),
    listen({ key, resized, continued, suspend, exit }) {
      stdin.on('data', key).resume();
      stdout.on('resize', resized);
      process.on('SIGCONT', continued).on('SIGTSTP', suspend).on('exit', exit);
      return () => {
        stdin.off('data', key).pause();
        stdout.off('resize', resized);
        process.off('SIGCONT', continued).off('SIGTSTP', suspend).off('exit', exit);
      };
    },
  };
}

async function main(): Promise<void> {
  const { argv } = process;
  // As we were started: a broker in this process cuts its environment down, and the command is to have all of it.
  const env = { ...process.env };
  const ownBroker: OwnBroker = { current: null, isHurried: false };
  const stdout = standardStream(1, () => process.stdout, giveUp);
  const stderr = standardStream(
    2,
    () => process.stderr,
    // Nobody listens: no reason to leave a grant without its command, or to lose the command's exit code.
    () => undefined,
  );
  const manners = mannersOf(env, argv.slice(2));
  const isTTY = { stdin: isTerminal(0), stdout: isTerminal(1), stderr: isTerminal(2) };
  // What nobody waited for must not end in a stack trace either; the broker revokes when this process is gone.
  process.on('uncaughtException', (thrown) => {
    const { json, debug, colour } = failureFlags(argv.slice(2));
    const out = createOutput({ env, isTTY, stdout: stdout.write, stderr: stderr.write }, colour, manners);
    const exitCode =
      thrown instanceof ReaderGone
        ? 0
        : exitCodeFor(showFailure(thrown, { json, debug }, out, stderr.write), false);
    const closed = ownBroker.current ? closeOwnBroker({ ownBroker, out }) : Promise.resolve();
    void closed.then(() => stderr.flush()).then(() => process.exit(exitCode));
  });
  const streams = (): AskStreams => ({ input: process.stdin, output: process.stderr });
  const { colour: flag } = failureFlags(argv.slice(2));
  const look = { colour: wantsColour({ env, isTTY: isTTY.stderr, flag }), unicode: manners.unicode };
  const pathsFor = (config: string | null) => resolvePaths(env, { config });
  const exitCode = await runCli({
    argv: argv.slice(2),
    env,
    isTTY,
    stdout: stdout.write,
    stderr: stderr.write,
    flushed: stdout.flush,
    kept: () => syncFile(1, giveUp),
    mark: () => markFile(1),
    handOver: (text) => writeWhole(1, text),
    clock: systemClock,
    random: systemRandom,
    version,
    connect: ({ config, start }) => {
      const paths = pathsFor(config);
      return connect({ paths, configPath: paths.configFile, start, env });
    },
    openBroker: (config) => openBroker(config, env),
    ownBroker,
    loadOffline,
    runDemo,
    runSession: (options) => runSession(options),
    ownSession,
    readInput: (largest) => readInput(() => process.stdin, largest),
    ask:
      manners.plain || env.TERM === 'dumb'
        ? plainAsker({ streams, onSignal, onContinue, stop })
        : terminalAsker(streams, look),
    spin: (text) => terminalSpinner(text, look),
    onSignal,
    openScreen: (events) => openScreen(terminal(stdout.write), events),
    browser: () => findBrowser(env, existsSync),
    exists: existsSync,
    configPath: (flag) => pathsFor(flag).configFile,
    promptState: () => pathsFor(null).promptState,
    hooksDir: `${path.dirname(import.meta.dirname)}/completions`,
  });
  await stdout.flush();
  await stderr.flush();
  process.exit(exitCode);
}

void main();
