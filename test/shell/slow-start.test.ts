// A start file of the user that takes long, and Ctrl-C in it: it costs that file, not the hook.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'vitest';
import { shellsToTest } from '../support/fish4.ts';
import { missing } from '../support/tmux.ts';
import { useStage } from './stage.ts';

const stage = useStage();

// What each of them shows at its prompt differs: without its own files each has the prompt of the system.
const shells = [
  { shell: 'bash', rcFile: '.bashrc' },
  { shell: 'zsh', rcFile: '.zshrc' },
  { shell: 'fish', rcFile: '.config/fish/config.fish' },
];

const tested = shellsToTest(shells, ({ shell }) => shell);

describe.each(tested)('$shell', ({ shell, rcFile }) => {
  const absent = missing('tmux', shell);

  test.skipIf(absent)(
    `shows the grant after Ctrl-C in a slow start file${absent ? ` (skipped: ${absent})` : ''}`,
    async () => {
      const file = path.join(stage.scene.home, rcFile);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, `sh -c 'echo slow; exec sleep 300'\n`);
      const screen = await stage.start({ command: null, shell });
      await screen.waitFor(/^slow/m);
      await screen.press('C-c');
      await screen.waitFor(/\[prod-db:write 30m\] /);
      await stage.scene.endGrant();
      await screen.press('Enter');
      await screen.waitFor(/\[jit ended\] /);
      await screen.line('exit 8');
      await screen.waitFor(/exit=8/);
    },
  );
});
