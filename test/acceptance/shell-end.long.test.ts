// The end of a grant in a living shell: every shell, mode and program in front.

import { describe, test } from 'vitest';
import { playEnd } from '../support/shell-end.ts';
import { shellKinds } from '../support/shell-kinds.ts';
import { foregrounds } from '../support/shell-programs.ts';
import { modes, noShells, serveShellUser } from '../support/shell-user.ts';
import { missing } from '../support/tmux.ts';

const rows = shellKinds.flatMap((shell) =>
  modes.flatMap((mode) => foregrounds.map((foreground) => ({ shell, mode, foreground }))),
);

describe.skipIf(noShells)(`the end of a grant${noShells ? ` (skipped: ${noShells})` : ''}`, () => {
  const user = serveShellUser();

  for (const row of rows) {
    const { shell, mode, foreground } = row;
    const absent = missing(shell.name);
    test.concurrent(
      `${mode}: ${shell.name} with ${foreground.name} in front${absent ? ` (skipped: ${absent})` : ''}`,
      { timeout: 120_000, skip: absent !== null },
      ({ expect }) => playEnd(user, row, expect),
    );
  }
});
