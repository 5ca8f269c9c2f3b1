// What becomes of an interactive shell around a grant: how its end is announced, and what the end does to it. Pure.

import type { Milliseconds } from './time.ts';

/**
 * What the end of a grant does to the shell that was opened for it, from mild to strict:
 * `lock`: secrets leave the shell, which stays; what needs the grant fails in it.
 * `terminate`: besides, every process that was started with the grant, but the shell, is ended.
 * `close`: besides, the shell is ended.
 */
export const onEnds = ['lock', 'terminate', 'close'] as const;
export type OnEnd = (typeof onEnds)[number];

/** How a warning is told besides the line at the prompt: a notification of the terminal, its bell. */
export const notifications = ['terminal', 'bell'] as const;
export type Notification = (typeof notifications)[number];

/** The terms of one shell. */
export interface ShellTerms {
  readonly onEnd: OnEnd;
  /** How long before the end to warn, longest first; none: never. */
  readonly warn: readonly Milliseconds[];
  readonly notify: readonly Notification[];
  /** Whether the grant is told to tmux as options of the pane, for its status line. */
  readonly tmux: boolean;
}

/** What holds where the configuration is silent. */
export const usualShellTerms: ShellTerms = {
  onEnd: 'lock',
  warn: [300_000, 60_000],
  notify: ['terminal'],
  tmux: false,
};

/** The stricter of the two. */
export function stricterEnd(one: OnEnd, other: OnEnd): OnEnd {
  return onEnds.indexOf(one) >= onEnds.indexOf(other) ? one : other;
}

const shortestWarning: Milliseconds = 5_000;

/**
 * The warnings of a grant that lasts `whole`: as they are when it is at least twice as long as the first of them, else
 * all of them shortened by the same factor. What is left of one under five seconds is no use to anybody and is dropped.
 * The prompt hooks in completions/ follow the same rule.
 * @param warn longest first
 */
export function warningsFor(whole: Milliseconds, warn: readonly Milliseconds[]): Milliseconds[] {
  const longest = warn[0] ?? 0;
  const factor = Math.min(1, whole / (2 * longest));
  return warn.map((one) => Math.floor(one * factor)).filter((one) => one >= shortestWarning);
}
