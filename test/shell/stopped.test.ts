// Signals of jit itself around a shell, and a jit that was stopped: nothing goes on for longer because of it.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { type Described, until } from './scene.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const absent = missing('tmux', 'bash');

describe.skipIf(absent)(`jit around bash${absent ? ` (skipped: ${absent})` : ''}`, () => {
  beforeEach(() => writeFileSync(path.join(stage.scene.home, '.bashrc'), `PS1='inner> '\n`));

  async function startShell(described: Partial<Described> = {}) {
    const screen = await stage.start({ command: null, shell: 'bash', graceMs: 1_000, ...described });
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    return screen;
  }

  const jit = () => Number(readFileSync(path.join(stage.scene.folder, 'pid'), 'utf8'));

  test('SIGURG to jit reaches the shell, which looks at the prompt-state file before the next command', async () => {
    const screen = await startShell();
    stage.scene.writeState();
    process.kill(jit(), 'SIGURG');
    // The trap runs between the commands of a line, without a prompt.
    await screen.line(
      `while [ -n "\${DATABASE_URL-}" ]; do sleep 0.1; done; echo "is=<\${DATABASE_URL-none}>"`,
    );
    await screen.waitFor(/^is=<none>/m);
  });

  test('a jit that was stopped over the end closes its shell as soon as it goes on', async () => {
    const screen = await startShell({ terms: { onEnd: 'close' } });
    process.kill(jit(), 'SIGSTOP');
    await screen.waitFor(/Stopped/);
    stage.scene.writeState();
    writeFileSync(path.join(stage.scene.folder, 'ended'), '');
    process.kill(jit(), 'SIGCONT');
    await until(() => stage.scene.result() !== null, 'the session ends');
    expect(stage.scene.result()).toEqual({ exitCode: 124, grantEnded: true });
  });

  test('a shell that suspended itself over the end is closed as soon as it is brought back', async () => {
    const screen = await startShell({ terms: { onEnd: 'close' } });
    await screen.line('suspend');
    await screen.waitFor(/Stopped/);
    stage.scene.writeState();
    writeFileSync(path.join(stage.scene.folder, 'ended'), '');
    expect(stage.scene.result()).toBeNull();
    await screen.line('fg; echo after=$?');
    await screen.waitFor(/^after=124/m);
    expect(stage.scene.result()).toEqual({ exitCode: 124, grantEnded: true });
  });

  test('a machine that slept over the end lengthens nothing: a shell that is left then is left after its grant', async () => {
    const screen = await startShell({ seconds: 1790 });
    await stage.scene.sleep(1795);

    stage.scene.removeState();
    await screen.line('exit 4');
    await screen.waitFor(/^exit=4/m);
    expect(stage.scene.result()).toEqual({ exitCode: 4, grantEnded: true });
  });

  test('a terminal that changes its size changes it for the shell', async () => {
    const screen = await startShell();
    await screen.line(
      'tmux resize-window -x 120 -y 40; until stty size | grep "^40 120"; do sleep 0.1; done',
    );
    await screen.waitFor(/^40 120/m);
  });

  test('kill -9 of the shell with a program in front leaves a usable terminal and 137', async () => {
    const screen = await startShell();
    await screen.line('stty raw -echo; kill -9 $$');
    await screen.waitFor(/exit=137/);
    await screen.line('echo "usable:$(stty -a | grep -o " icanon")"');
    await screen.waitFor(/usable: icanon/);
  });

  test('the user is in the shell that they came from, whatever SHELL says', async () => {
    const screen = await stage.start({ command: null }, { SHELL: '/bin/false' });
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    await screen.line('echo "version=$BASH_VERSION"');
    await screen.waitFor(/^version=\d/m);
  });
});

const rcFiles = [
  { shell: 'bash', rcFile: '.bashrc', rc: `PS1='inner> '\n` },
  { shell: 'zsh', rcFile: '.zshrc', rc: `PROMPT='inner> '\n` },
  {
    shell: 'fish',
    rcFile: '.config/fish/config.fish',
    rc: `set -g fish_greeting\nfunction fish_prompt; echo -n 'inner> '; end\n`,
  },
];

describe.each(rcFiles)('$shell', ({ shell, rcFile, rc }) => {
  const missed = missing('tmux', 'bash', shell);

  test.skipIf(missed)(
    `gives the terminal back with "suspend" also when another program started jit${missed ? ` (skipped: ${missed})` : ''}`,
    async () => {
      const file = path.join(stage.scene.home, rcFile);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, rc);
      const screen = await stage.start({ command: null, shell });
      await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
      await screen.line('exit');
      await screen.waitFor(/^exit=0/m);
      await screen.line(`clear; sh -c './jit; echo left=$?'`);
      await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
      await screen.line('suspend');
      await screen.waitFor(/Stopped/);
      await screen.line('fg');
      await screen.waitFor(/^sh -c/m);
      await screen.line('echo inside again');
      await screen.waitFor(/^inside again/m);
      await screen.line('exit 6');
      await screen.waitFor(/^left=6/m);
    },
  );
});
