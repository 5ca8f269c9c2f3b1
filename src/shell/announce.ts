// Tells a running shell, its terminal and its tmux pane what becomes of the grant. Must not: write text to the terminal.

import { formatDuration } from '../core/duration.ts';
import type { ShellTerms } from '../core/shell-terms.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Clock } from '../system/clock.ts';
import type { Child } from './child.ts';
import { notificationFor } from './notify.ts';
import { writeToTerminal } from './terminal-write.ts';
import { tmuxPane } from './tmux-pane.ts';
import { scheduleWarnings } from './warnings.ts';

/** What {@link announce} needs. */
export interface AnnounceOptions {
  readonly child: Child;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly grant: { readonly target: string; readonly role: string; readonly deadline: Instant };
  readonly terms: Omit<ShellTerms, 'onEnd'>;
  readonly clock: Clock;
  /** Calls back with each new deadline; the answer stops that. */
  readonly onDeadline: (callback: (deadline: Instant) => void) => () => void;
  /** Calls back with what else to notify of; the answer stops that. */
  readonly onNotice?: (callback: (text: string) => void) => () => void;
}

/** What is announced of one session. */
export interface Announcements {
  /** Looks at the clock now: this process was stopped. */
  look(): void;
  /** The grant has ended, and the shell goes on. */
  ended(): void;
  /** The shell is gone. Settles when nothing of the grant is left to be seen. */
  stop(): Promise<void>;
}

/** Begins with it. The shell's hook is told by SIGURG to look for itself. */
export function announce(options: AnnounceOptions): Announcements {
  const { child, env, grant, terms, clock, onDeadline, onNotice } = options;
  const name = `${grant.target}:${grant.role}`;
  const pane = terms.tmux ? tmuxPane(env) : null;
  // One after the other: else an end could be overtaken by the start.
  let onPane = Promise.resolve();
  const onThePane = (action: () => Promise<void>): Promise<void> => {
    onPane = onPane.then(action);
    return onPane;
  };
  const bell = terms.notify.includes('bell') ? '\x07' : '';
  const notify = (text: string, withBell: boolean): void => {
    const shown = terms.notify.includes('terminal') ? notificationFor(env, `jit: ${text}`) : null;
    const sequence = `${shown ?? ''}${withBell ? bell : ''}`;
    if (sequence) void writeToTerminal(sequence);
  };
  const warnings = scheduleWarnings({
    clock,
    deadline: grant.deadline,
    warn: terms.warn,
    onWarning(left) {
      child.kill('SIGURG');
      notify(`${name} ends in ${roughly(left)}`, true);
    },
  });
  const stopListening = onDeadline((deadline) => {
    warnings.moveTo(deadline);
    child.kill('SIGURG');
    if (pane) void onThePane(() => pane.show(name, deadline));
  });
  const stopNotices = onNotice?.((text) => notify(text, false));
  if (pane) void onThePane(() => pane.show(name, grant.deadline));
  let isOver = false;
  const forget = (): Promise<void> => {
    if (isOver) return onPane;
    isOver = true;
    warnings.stop();
    stopListening();
    stopNotices?.();
    return pane ? onThePane(() => pane.restore()) : onPane;
  };
  return {
    look: () => warnings.look(),
    ended() {
      void forget();
      notify(`${name} has ended`, false);
    },
    stop: forget,
  };
}

/** As the prompt has it: whole minutes from one on, whole seconds below. */
function roughly(left: Milliseconds): string {
  const seconds = Math.ceil(left / 1000);
  return formatDuration(seconds > 60 ? Math.ceil(seconds / 60) * 60_000 : seconds * 1000);
}
