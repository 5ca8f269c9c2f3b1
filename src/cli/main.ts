// The entry of the `jit` command: wires the real world to run.ts. The one place that exits.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { connect } from '../client/connect.ts';
import { runSession } from '../shell/session.ts';
import { systemClock } from '../system/clock.ts';
import { resolvePaths } from '../system/paths.ts';
import { ownSession } from '../system/process-info.ts';
import { version } from '../system/version.ts';
import { terminalAsker } from './ask.ts';
import { loadOffline, runDemo } from './heavy.ts';
import { terminalSpinner } from './progress.ts';
import { runCli } from './run.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function onSignal(callback: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of signals) process.on(signal, callback);
  return () => {
    for (const signal of signals) process.off(signal, callback);
  };
}

// Whoever reads us has gone (`jit audit log | head`): nothing is left to say, and that is no failure.
function exitQuietly(error: NodeJS.ErrnoException): never {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
}

async function main(): Promise<void> {
  const { argv, env, stdin, stdout, stderr } = process;
  stdout.on('error', exitQuietly);
  stderr.on('error', exitQuietly);
  const pathsFor = (config: string | null) => resolvePaths(env, { config });
  const exitCode = await runCli({
    argv: argv.slice(2),
    env,
    isTTY: { stdin: stdin.isTTY === true, stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
    clock: systemClock,
    version,
    connect: ({ config, start }) => {
      const paths = pathsFor(config);
      return connect({ paths, configPath: paths.configFile, start });
    },
    loadOffline,
    runDemo,
    runSession,
    ownSession,
    ask: terminalAsker(stdin, stderr),
    spin: terminalSpinner,
    onSignal,
    exists: existsSync,
    configPath: (flag) => pathsFor(flag).configFile,
    promptState: () => pathsFor(null).promptState,
    hooksDir: path.join(import.meta.dirname, '..', 'completions'),
  });
  process.exitCode = exitCode;
  // Written out to a pipe, output is asynchronous: leave only when all of it has gone.
  stdout.write('', () => stderr.write('', () => process.exit(exitCode)));
}

void main();
