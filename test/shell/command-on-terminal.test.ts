import { describe, expect, test } from 'vitest';
import { missing } from '../support/tmux.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const noTmux = missing('tmux');

describe.skipIf(noTmux)(`a one-off command on a terminal${noTmux ? ` (skipped: ${noTmux})` : ''}`, () => {
  test('Ctrl-C reaches the command once, and its answer to it is what counts', async () => {
    const script = `trap 'echo interrupted; n=x$n; [ $n = xx ] && exit 1' INT; echo running; for i in 1 2 3 4 5 6; do sleep 0.1; done; while [ -z "$n" ]; do sleep 0.1; done; sleep 0.3; exit 8`;
    const screen = await stage.start({ command: ['bash', '-c', script] });
    await screen.waitFor(/^running/m);
    await screen.press('C-c');
    await screen.waitFor(/^exit=8/m);
    expect((await screen.screen()).match(/^(\^C)?interrupted/gm)).toHaveLength(1);
  });

  test('Ctrl-C ends a command that does not care, with 130', async () => {
    const screen = await stage.start({ command: ['bash', '-c', 'echo running; exec sleep 300'] });
    await screen.waitFor(/^running/m);
    await screen.press('C-c');
    await screen.waitFor(/exit=130/);
  });

  test('Ctrl-Z stops jit and the command together, and fg continues both', async () => {
    const screen = await stage.start({
      command: ['bash', '-c', 'echo running; read line; echo "got $line"; exit 5'],
    });
    await screen.waitFor(/^running/m);
    await screen.press('C-z');
    await screen.waitFor(/Stopped/);
    await screen.line('fg; echo after=$?');
    await screen.waitFor(/^\.\/jit$|^\.\/jit;/m);
    await screen.line('words');
    await screen.waitFor(/^got words/m);
    await screen.waitFor(/after=5/);
  });
});
