// What this process does with signals while a child runs. Must not: handle SIGTSTP.
//
// - SIGINT, SIGQUIT: from a terminal they reach every process of the foreground group, the child included, so
//   this process ignores them. Without a controlling terminal nobody but us got them, so they are passed on.
// - SIGTERM, SIGHUP, SIGUSR1, SIGUSR2: sent to this process, meant for the child.
// - SIGURG: the broker says with it that the grant has changed; the child's prompt hook listens, others ignore it.
// - SIGCONT: after `suspend` in the child's shell, `fg` continues only this process and its group.
// - SIGTSTP has no handler: Ctrl-Z must stop this process too, or the outer shell never gets the terminal back.

import { closeSync, openSync } from 'node:fs';
import type { Child } from './child.ts';

const passedOn = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGURG', 'SIGCONT'] as const;
const fromKeyboard = ['SIGINT', 'SIGQUIT'] as const;

/** The handlers of one session. */
export interface SignalForwarding {
  /** Names the child; signals that came earlier are sent to it now. */
  sendTo(child: Child): void;
  /** Gives every signal its former meaning back. */
  stop(): void;
}

/** Takes over the signals of this process until `stop`. Call it before the child is started. */
export function forwardSignals(hasTerminal: boolean = hasControllingTerminal()): SignalForwarding {
  let child: Child | null = null;
  const early: NodeJS.Signals[] = [];
  const forward = (signal: NodeJS.Signals) => {
    if (child) child.kill(signal);
    else early.push(signal);
  };
  const ignore = () => undefined;
  const onKeyboard = hasTerminal ? ignore : forward;
  for (const signal of passedOn) process.on(signal, forward);
  for (const signal of fromKeyboard) process.on(signal, onKeyboard);
  return {
    sendTo(started) {
      child = started;
      for (const signal of early.splice(0)) child.kill(signal);
    },
    stop() {
      for (const signal of passedOn) process.off(signal, forward);
      for (const signal of fromKeyboard) process.off(signal, onKeyboard);
    },
  };
}

/** True when keys such as Ctrl-C can reach this process. */
function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
