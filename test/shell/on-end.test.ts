// What the end of a grant does to a shell and to what runs in it, in real shells on a real terminal.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findHolders, holdersOf, nameOf } from '../../src/shell/holders.ts';
import { shellsToTest } from '../support/fish4.ts';
import { missing } from '../support/tmux.ts';
import { until } from './scene.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const shells = [
  { shell: 'bash', rcFile: '.bashrc', rc: `PS1='inner> '\n` },
  { shell: 'zsh', rcFile: '.zshrc', rc: `PROMPT='inner> '\n` },
  {
    shell: 'fish',
    rcFile: '.config/fish/config.fish',
    rc: `set -g fish_greeting\nfunction fish_prompt; echo -n 'inner> '; end\n`,
  },
];
// What a program that runs full screen sets, undone when it is asked to end, as vi does it.
const fullScreen = `sh -c 'trap "printf \\"\\\\033[?1049l\\"; exit 0" TERM; printf "\\033[?1049hin front"; while :; do sleep 0.1; done'`;
const graceMs = 1_000;

const tested = shellsToTest(shells, ({ shell }) => shell);

describe.each(tested)('$shell', ({ shell, rcFile, rc }) => {
  const absent = missing('tmux', shell);

  async function startShell(onEnd: 'lock' | 'terminate' | 'close', seconds = 1790) {
    const file = path.join(stage.scene.home, rcFile);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, rc);
    const screen = await stage.start({ command: null, shell, graceMs, seconds, terms: { onEnd } });
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    return screen;
  }

  const programs = () => findHolders(stage.scene.grant.id).filter(({ isOfSession }) => !isOfSession);

  describe.skipIf(absent)(`at the end of its grant${absent ? ` (skipped: ${absent})` : ''}`, () => {
    test('lock: a program in front goes on, and the shell after it', async () => {
      const screen = await startShell('lock');
      await screen.line('sh -c "echo in front; read line; echo read it"');
      await screen.waitFor(/^in front/m);
      await stage.scene.endGrant();
      expect(programs()).toHaveLength(1);
      await screen.press('Enter');
      await screen.waitFor(/^read it/m);
      await screen.waitFor(/^\[jit ended\] inner> $/m);
    });

    test('terminate: a program in front ends and gives the screen back, the shell stays', async () => {
      const screen = await startShell('terminate');
      await screen.line(fullScreen);
      await screen.waitFor(/^in front/m);
      await stage.scene.endGrant();
      await screen.waitFor(/^\[jit ended\] inner> $/m);
      expect(await screen.screen()).not.toMatch(/^in front/m);
      await until(() => programs().length === 0, 'no program holds the grant');
      await screen.line('exit 7');
      await screen.waitFor(/^exit=7/m);
      expect(stage.scene.result()).toEqual({ exitCode: 7, grantEnded: true });
    });

    test('terminate: a stopped job and one in the background that will not end are killed', async () => {
      const screen = await startShell('terminate');
      await screen.line(`sh -c 'trap "" TERM; while :; do sleep 0.1; done' &`);
      await screen.line('tail -f /dev/null');
      await until(() => programs().some(({ pid }) => nameOf(pid) === 'tail'), 'it runs');
      await screen.press('C-z');
      await screen.waitFor(/[Ss]topped|suspended/);
      await stage.scene.endGrant();
      await until(() => programs().length === 0, 'no program holds the grant');
      await screen.press('Enter');
      await screen.waitFor(/^\[jit ended\] inner> $/m);
    });

    test('close: the shell ends with what is in front, jit with 124, and the terminal is usable', async () => {
      const screen = await startShell('close');
      await screen.line(fullScreen);
      await screen.waitFor(/^in front/m);
      await stage.scene.endGrant();
      await screen.waitFor(/^exit=124/m);
      expect(await screen.screen()).not.toMatch(/^in front/m);
      expect(holdersOf(stage.scene.grant.id)).toEqual([]);
      await screen.line('echo "usable: $(stty -a | grep -o " icanon")"');
      await screen.waitFor(/^usable: {2}icanon/m);
      expect(stage.scene.result()).toEqual({ exitCode: 124, grantEnded: true });
    });

    test('close: an idle shell with half a line typed ends, the line unread', async () => {
      const screen = await startShell('close');
      await screen.type('echo half');
      await screen.waitFor(/inner> echo half/);
      await stage.scene.endGrant();
      await screen.waitFor(/^exit=124/m);
      await screen.waitFor(/^outer\$ $/m);
      expect(await screen.screen()).not.toMatch(/^half/m);
    });
  });
});
