// The title of the terminal's window: kept while a shell may change it, brought back after it.
// xterm's stack of titles (ctlseqs, "Window manipulation", 22 and 23); terminals that have none ignore it.

/** Puts the title of window and icon on the terminal's stack. */
export const keepTitle = '\x1b[22;0t';
/** Takes them from it again. */
export const bringTitleBack = '\x1b[23;0t';

/** True where control sequences mean something. */
export function hasControlSequences(env: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(env['TERM']) && env['TERM'] !== 'dumb';
}
