// Writes control sequences to the terminal while another program has it. Must not: write text, or be stopped by it.

import { execFile } from 'node:child_process';

// With "stty tostop" a write from the background stops the whole job, unless the writer ignores SIGTTOU; Node cannot
// ignore a signal, a shell can. The sequence is an argument: nothing of it is evaluated.
const script = `trap '' TTOU; printf %s "$1" >/dev/tty`;
// A terminal that is held with Ctrl-S takes nothing: what it would have said is late anyway.
const timeout = 2_000;

/** Settles when it is written, or when there is no terminal, or it takes nothing; never rejects. */
export function writeToTerminal(sequence: string): Promise<void> {
  return new Promise((resolve) => {
    const options = { env: {}, timeout, killSignal: 'SIGKILL' as const };
    execFile('/bin/sh', ['-c', script, 'jit', sequence], options, () => resolve());
  });
}
