// The end of a grant in a living shell, in every shell and mode, with something in front: the representative rows.
// All of them are in shell-end.long.test.ts.

import { describe, test } from 'vitest';
import { playEnd } from '../support/shell-end.ts';
import { shellKinds } from '../support/shell-kinds.ts';
import { foregrounds } from '../support/shell-programs.ts';
import { modes, noShells, serveShellUser } from '../support/shell-user.ts';
import { missing } from '../support/tmux.ts';

// Each shell meets each mode and each program once or twice, and so does each mode each program.
const rows = shellKinds.flatMap((shell, at) =>
  modes.flatMap((mode, index) =>
    [0, 3].map((offset) => ({
      shell,
      mode,
      foreground: foregrounds[((at + index) % 3) + offset] ?? foregrounds[0],
    })),
  ),
);

describe.skipIf(noShells)(`the end of a grant${noShells ? ` (skipped: ${noShells})` : ''}`, () => {
  const user = serveShellUser();

  for (const { shell, mode, foreground } of rows) {
    const absent = missing(shell.name);
    test.concurrent(`${mode}: ${shell.name} with ${foreground?.name} in front${absent ? ` (skipped: ${absent})` : ''}`, {
      timeout: 90_000,
      skip: absent !== null,
    }, async ({ expect }) => {
      if (foreground) await playEnd(user, { shell, mode, foreground }, expect);
    });
  }
});
