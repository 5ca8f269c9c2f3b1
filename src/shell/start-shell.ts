// How an interactive shell is started so that it loads jit's hook after, not instead of, the user's own files.
// Must not: touch a dotfile, or put a secret into that folder.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import { errnoText, writeErrnoHint } from '../system/errno.ts';
import { type Integration, type IntegrationOptions, noIntegration, watchReadyFile } from './integration.ts';
import { startBash } from './start-bash.ts';
import { startFish } from './start-fish.ts';
import { makeStartFolder, type StartFolder } from './start-folder.ts';
import { startZsh } from './start-zsh.ts';

/** How one kind of shell is started. */
export interface ShellStart {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Content of the start files, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** What a {@link ShellStart} is made from. */
export interface ShellStartInput {
  /** The fresh folder that `files` will be in. */
  readonly folder: string;
  readonly hooksDir: string;
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
}

/** A shell that is ready to be started. */
export interface PreparedShell {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** False for a kind of shell that jit has no hook for. */
  readonly hasHook: boolean;
  watchIntegration(options: IntegrationOptions): Integration;
  /** To be told as soon as the shell runs: its files stay as long as it does, whatever becomes of this process. */
  started(pid: number): void;
  /** Removes the start files; call it when the shell has ended. */
  remove(): void;
}

/** What {@link prepareShell} needs. */
export interface PrepareOptions {
  /** Name or path of the shell. */
  readonly shell: string;
  readonly hooksDir: string;
  readonly stateFile: string;
  readonly runDir?: string;
  readonly baseEnv?: Readonly<Record<string, string | undefined>>;
}

const starts: Readonly<Record<string, (input: ShellStartInput) => ShellStart>> = {
  bash: startBash,
  zsh: startZsh,
  fish: startFish,
};

/**
 * Writes the start files into a fresh folder (0700).
 * @throws JitError `ERR_CHILD_SETUP` when they cannot be written.
 */
export function prepareShell(options: PrepareOptions): PreparedShell {
  const { shell, hooksDir, stateFile, runDir = path.dirname(stateFile), baseEnv = process.env } = options;
  const name = path.basename(shell);
  const start = starts[name];
  if (!start) return prepareWithoutHook(shell);
  const folder = makeFolder(runDir);
  const { args, env, files } = start({ folder: folder.path, hooksDir, baseEnv });
  writeFiles(folder, files);
  const readyFile = path.join(folder.path, 'ready');
  return {
    command: [shell, ...args],
    env: { ...env, JIT_READY: readyFile },
    hasHook: true,
    watchIntegration: (watch) => watchReadyFile(readyFile, watch),
    started: folder.usedBy,
    remove: folder.remove,
  };
}

function prepareWithoutHook(shell: string): PreparedShell {
  return {
    command: [shell, '-i'],
    env: {},
    hasHook: false,
    watchIntegration: () => noIntegration,
    started: () => undefined,
    remove: () => undefined,
  };
}

function makeFolder(runDir: string): StartFolder {
  try {
    return makeStartFolder(runDir);
  } catch (cause) {
    throw notWritten(runDir, cause);
  }
}

function writeFiles(folder: StartFolder, files: Readonly<Record<string, string>>): void {
  try {
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(path.join(folder.path, file), content, { mode: 0o600, flag: 'wx' });
    }
  } catch (cause) {
    folder.remove();
    throw notWritten(folder.path, cause);
  }
}

function notWritten(folder: string, cause: unknown): JitError {
  const message = `cannot write the shell's start files to "${folder}": ${errnoText(cause)}`;
  return new JitError('ERR_CHILD_SETUP', message, {
    hint: writeErrnoHint(cause, 'set XDG_RUNTIME_DIR to a folder that you may write to'),
    cause,
  });
}
