// The broker's own log: for whoever looks why something failed. Owns: one line per message, filtered, bounded.
// It is not the audit log, and nothing depends on it: a full disk must not stop a revocation.

import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { JitError } from '../core/errors.ts';
import type { Clock } from './clock.ts';
import type { Redactor } from './redact.ts';

/** Where the broker says what happens. Never throws. `cause` is an error underneath, told in short. */
export interface Logger {
  info(message: string, cause?: unknown): void;
  warn(message: string, cause?: unknown): void;
  error(message: string, cause?: unknown): void;
}

/** What a log is opened with. */
export interface LogFileOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** At this size the file becomes `<path>.old`, replacing the one before; 1 MiB when not given. */
  readonly largest?: number;
}

/** Opens the log (0600, appended to). Lines that cannot be written are lost without a word. */
export function openLogFile(options: LogFileOptions): Logger & { close(): void } {
  const { path, clock, redactor, largest = 1_048_576 } = options;
  let fd: number | null = null;

  function reopen(): void {
    close();
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
    fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const found = fstatSync(fd);
    if (!found.isFile() || found.uid !== process.geteuid?.() || (found.mode & 0o077) !== 0) close();
    else if (found.size >= largest) rotate();
  }
  function rotate(): void {
    renameSync(path, `${path}.old`);
    reopen();
  }
  function close(): void {
    if (fd !== null) closeSync(fd);
    fd = null;
  }
  function write(level: string, message: string, cause: unknown): void {
    try {
      if (fd === null) reopen();
      if (fd === null) return;
      const text = cause === undefined ? message : `${message} (${describe(cause)})`;
      const line = `${new Date(clock.now()).toISOString()} ${level} ${oneLine(redactor.redact(text))}\n`;
      writeSync(fd, line);
      if (fstatSync(fd).size >= largest) rotate();
    } catch {
      // Disk full, folder gone: the log is the one thing that may fail.
    }
  }
  return {
    info: (message, cause) => write('info', message, cause),
    warn: (message, cause) => write('warn', message, cause),
    error: (message, cause) => write('error', message, cause),
    close,
  };
}

/** An error and those underneath it, in one line; a stack for what jit did not foresee. */
function describe(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? thrown : typeof thrown;
  const code = 'code' in thrown && typeof thrown.code === 'string' ? ` ${thrown.code}` : '';
  const text = thrown instanceof JitError ? thrown.message : (thrown.stack ?? thrown.message);
  const below =
    thrown.cause === undefined || depth > 4 ? '' : `; because of: ${describe(thrown.cause, depth + 1)}`;
  return `${thrown.name}${code}: ${text}${below}`;
}

/** Control characters would forge lines or drive a terminal; U+2028 and bidi marks likewise. */
function oneLine(text: string): string {
  return text
    .slice(0, 8_000)
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
      character === '\n' ? ' | ' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
    );
}
