// How a failure is shown and which exit code it gets. Called by run.ts alone.

import { type ExitCode, exitCodeOf, JitError, toJitError } from '../core/errors.ts';
import { escapeLines, escapeText } from './escape.ts';
import type { Output } from './output.ts';

// Known by this mark, as JitError is: what is behind whole.ts has a copy of the class.
const mark = Symbol.for('jit.cancelled');

/** Thrown when the user has cancelled a question or the waiting; nothing is to be said about it but that. */
export class Cancelled extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP';

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' = 'SIGINT') {
    super('cancelled');
    this.signal = signal;
  }

  get [mark](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value;
  }
}

/** 128 and the number of the signal, as shells do. */
export const signalExit = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** The exit code of a failure. Before the command after `--` ran, "failed" is 125: 1 would look like the command's own. */
export function exitCodeFor(error: JitError, beforeCommand: boolean): ExitCode {
  const code = exitCodeOf[error.code];
  return beforeCommand && code === 1 ? 125 : code;
}

/** How to show a failure. */
export interface FailureStyle {
  readonly json: boolean;
  readonly debug: boolean;
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

/** On one line, whatever names of others are in it; only the problems of a configuration are a line each. */
function messageText({ code, message }: JitError): string {
  return code === 'ERR_CONFIG' ? escapeLines(message) : escapeText(message);
}

/** Writes a failure to stderr and answers it as a {@link JitError}. */
export function showFailure(
  thrown: unknown,
  style: FailureStyle,
  out: Output,
  stderr: (t: string) => void,
): JitError {
  const error = toJitError(thrown);
  const foreseen = thrown instanceof JitError && error.code !== 'ERR_INTERNAL';
  const hint = error.hint ?? (foreseen || style.debug ? undefined : 'run the same with --debug to see where');
  if (style.json) {
    const { code, message } = error;
    stderr(`${JSON.stringify({ error: { code, message, ...(hint && { hint }) } })}\n`);
  } else {
    out.note(`jit: ${out.paintError.alarm('error:')} ${messageText(error)}`);
    if (hint) for (const line of hint.split('\n')) out.hint(line);
  }
  if (style.debug && !foreseen) stderr(`${stackOf(thrown)}\n`);
  return error;
}
