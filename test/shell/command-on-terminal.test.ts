import { describe, expect, test } from 'vitest';
import { quotePosix } from '../../src/shell/quote.ts';
import { missing } from '../support/tmux.ts';
import { until } from '../support/until.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const noTmux = missing('tmux');

describe.skipIf(noTmux)(`a one-off command on a terminal${noTmux ? ` (skipped: ${noTmux})` : ''}`, () => {
  test('Ctrl-C reaches the command once, and its answer to it is what counts', async () => {
    // Node counts signals one by one; a shell would run its trap once for two that come close together.
    const count = `let n = 0; setInterval(() => {}, 1000);
      process.on('SIGINT', () => { n += 1; setTimeout(() => process.exit(10 + n), 300); });
      console.log('running');`;
    const screen = await stage.start({ command: [process.execPath, '-e', count] });
    await screen.waitFor(/^running/m);
    await screen.press('C-c');
    await screen.waitFor(/exit=11/);
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

  // As an editor does, but for its ends: the other screen, no cursor.
  const fullScreen = (onTerm: string): string[] => [
    process.execPath,
    '-e',
    `process.on('SIGTERM', ${onTerm}); process.stdout.write('\\x1b[?1049h\\x1b[?25lfull'); setInterval(() => {}, 1000);`,
  ];

  test('a command that has to be killed with its grant leaves the main screen, and a cursor', async () => {
    const screen = await stage.start({ command: fullScreen('() => {}'), graceMs: 300 });
    await screen.waitFor(/full/);
    expect(await screen.ask('#{alternate_on}')).toBe('1');
    await stage.scene.endGrant();
    await screen.waitFor(/exit=124/);
    expect(await screen.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1');
  });

  test('nothing is done to the screen of another job', async () => {
    const screen = await stage.start({ command: ['bash', '-c', 'echo running; exec sleep 300'] });
    await screen.waitFor(/^running/m);
    await screen.press('C-z');
    await screen.waitFor(/Stopped/);
    await screen.line('bg');
    await screen.line(fullScreen('() => {}').map(quotePosix).join(' '));
    await until(async () => expect(await screen.ask('#{alternate_on} #{cursor_flag}')).toBe('1 0'));
    await stage.scene.endGrant();
    await until(() => expect(stage.scene.result()).toMatchObject({ exitCode: 124 }));
    expect(await screen.ask('#{alternate_on} #{cursor_flag}')).toBe('1 0');
  });
});
