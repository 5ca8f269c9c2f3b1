// The user's terminal around a session: its title, and what a program that was killed leaves. Must not: write text.

import path from 'node:path';
import { isatty } from 'node:tty';
import { isInFront } from './own-group.ts';
import { writeToTerminal } from './terminal-write.ts';
import { bringTitleBack, hasControlSequences, keepTitle } from './title.ts';

// Main screen, cursor, paste mode, colours. Not 1049: on the main screen that moves the cursor of tmux back to where it was
// when the last program in the other one was started, over what has been written since.
const repair = '\x1b[?1047l\x1b[?25h\x1b[?2004l\x1b[0m\r\n';

// What fish 4 writes itself when its prompt gives the keys back: xterm's and kitty's ways of telling them apart, the keypad.
// After fish alone: a terminal that does not know the second would take it for another sequence.
const keysAfterFish = '\x1b[>4;0m\x1b[=0u\x1b>';

/** The terminal of one session. */
export interface Screen {
  /** Before the shell starts. */
  keep(): void;
  /** After it was left. */
  bringBack(): void;
  /** After it was closed: the terminal may still be another's. */
  repair(): Promise<void>;
}

/** Takes back what a program did to the screen that was ended in the middle of it; nothing when another job has the terminal. */
export async function repairScreen(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  // With a pipe, the other end of it may be what has the screen.
  const isOurs = isatty(0) && isatty(1) && isInFront();
  if (isOurs && hasControlSequences(env)) await writeToTerminal(repair);
}

/** The terminal of this process, for `shell`; nothing is written where it has none, or one without control sequences. */
export function ownScreen(env: Readonly<Record<string, string | undefined>>, shell: string): Screen {
  const isUsable = process.stderr.isTTY && hasControlSequences(env);
  const keys = path.basename(shell) === 'fish' ? keysAfterFish : '';
  return {
    keep: () => void (isUsable && process.stderr.write(keepTitle)),
    bringBack: () => void (isUsable && process.stderr.write(bringTitleBack)),
    repair: async () => void (isUsable && (await writeToTerminal(`${keys}${repair}${bringTitleBack}`))),
  };
}
