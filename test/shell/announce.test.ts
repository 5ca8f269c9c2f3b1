// What a running shell's terminal and tmux pane are told, looked at from inside of a real tmux.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { missing, type Terminal } from '../support/tmux.ts';

import { type Described, until } from './scene.ts';
import { useStage } from './stage.ts';

const stage = useStage();
const absent = missing('tmux', 'bash');
// A terminal that is known to show notifications, around the tmux of the test.
const vte = { VTE_VERSION: '7003' };
const soon = { timeout: 30_000 };

describe.skipIf(absent)(`a session in bash${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let raw: string;
  beforeEach(() => {
    writeFileSync(path.join(stage.scene.home, '.bashrc'), `PS1='inner> '\n`);
    raw = path.join(stage.scene.folder, 'raw');
  });

  async function startShell(
    described: Partial<Described> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Terminal> {
    const screen = await stage.start({ command: null, shell: 'bash', ...described }, env);
    await screen.waitFor(/^\[prod-db:write \d+\w+\] inner> $/m);
    return screen;
  }

  /** From now on everything that is written to the terminal is also in a file. */
  async function record(screen: Terminal): Promise<() => string> {
    await screen.line(`tmux pipe-pane 'cat >> ${raw}'; echo recording`);
    await screen.waitFor(/^recording/m);
    return () => (existsSync(raw) ? readFileSync(raw, 'latin1') : '');
  }

  test('a warning is a notification of the terminal around tmux, once, and no text on the screen', async () => {
    const screen = await startShell({}, vte);
    const written = await record(screen);
    await screen.line('sh -c "echo in front; read line"');
    await screen.waitFor(/^in front/m);
    const before = await screen.screen();
    await stage.scene.sleep(1560);
    await until(() => written().includes('ends in'), 'the notification');
    expect(written()).toContain(
      '\x1bPtmux;\x1b\x1b]777;notify;jit;jit: prod-db:write ends in 4m\x1b\x1b\\\x1b\\',
    );
    expect(written().match(/ends in/g)).toHaveLength(1);
    expect(await screen.screen()).toBe(before);
  });

  test('so is the end', async () => {
    const screen = await startShell({}, vte);
    const written = await record(screen);
    await stage.scene.endGrant();
    await until(() => written().includes('notify;jit;jit: prod-db:write has ended'), 'the notification');
  });

  test('"stty tostop", which stops every writer in the background, does not stop jit', async () => {
    const screen = await startShell({ graceMs: 500 }, vte);
    await screen.line('stty tostop');
    const written = await record(screen);
    await screen.line('sh -c "echo in front; read line; echo read it"');
    await screen.waitFor(/^in front/m);
    await stage.scene.endGrant();
    await until(() => written().includes('has ended'), 'the notification');
    const jit = execFileSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' })
      .split('\n')
      .find((line) => line.includes('harness.ts') && line.includes(stage.scene.folder));
    expect(jit).toMatch(/^[SR]/);
    await screen.press('Enter');
    await screen.waitFor(/^read it/m);
    await screen.waitFor(/^\[jit ended\] inner> $/m);
  });

  test('the bell rings with a warning when it is wanted', async () => {
    const screen = await startShell({ terms: { notify: ['bell'] } }, vte);
    const written = await record(screen);
    await screen.line('sh -c "echo in front; read line"');
    await screen.waitFor(/^in front/m);
    expect(written()).not.toContain('\x07');
    await stage.scene.sleep(1560);
    await until(() => written().includes('\x07'), 'the bell');
    expect(written()).not.toContain('notify;');
  });

  test('a title that was set inside is gone after it', async () => {
    const screen = await startShellBelowTitle();
    await screen.line(String.raw`printf '\033]2;inner title\007'`);
    await expect.poll(() => screen.ask('#{pane_title}'), soon).toBe('inner title');
    await screen.line('exit');
    await screen.waitFor(/^exit=0/m);
    expect(await screen.ask('#{pane_title}')).toBe('outer title');
  });

  test('a title that was set inside is gone after a shell that was closed', async () => {
    const screen = await startShellBelowTitle({ terms: { onEnd: 'close' } });
    await screen.line(String.raw`printf '\033]2;inner title\007'`);
    await expect.poll(() => screen.ask('#{pane_title}'), soon).toBe('inner title');
    await stage.scene.endGrant();
    await screen.waitFor(/^exit=124/m);
    expect(await screen.ask('#{pane_title}')).toBe('outer title');
  });

  /** A session whose outer shell has a title. */
  async function startShellBelowTitle(described: Partial<Described> = {}) {
    const screen = await startShell(described);
    await screen.line('exit');
    await screen.waitFor(/^exit=0/m);
    await screen.line(String.raw`clear; printf '\033]2;outer title\007'; ./jit; echo exit=$?`);
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    return screen;
  }

  test('a dumb terminal gets no sequence at all', async () => {
    const screen = await startShell();
    await screen.line('exit');
    await screen.waitFor(/^exit=0/m);
    const written = await record(screen);
    await screen.line('export TERM=dumb VTE_VERSION=7003; clear; ./jit; echo dumb=$?');
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    await stage.scene.endGrant();
    await screen.line('exit 5');
    await screen.waitFor(/^dumb=5/m);
    await until(() => written().includes('dumb=5'), 'all of it is written');
    expect(written()).toContain('prod-db:write has ended');
    expect(written()).not.toMatch(/\[2[23];0t|notify;/);
  });

  const told = '#{@jit_target} #{@jit_exp}';

  test('tmux is told of the grant, of its extension, and of its end', async () => {
    const screen = await startShell({ terms: { tmux: true } });
    const end = async () => Number((await screen.ask(told)).split(' ')[1]);
    await expect.poll(() => screen.ask(told), soon).toMatch(/^prod-db:write \d+$/);
    const first = await end();
    stage.scene.extendTo(7200);
    await expect.poll(end, soon).toBeGreaterThan(first + 3600);
    await stage.scene.endGrant();
    await expect.poll(() => screen.ask(told), soon).toBe('');
  });

  test('tmux is told of the grant around it again when an inner shell is left, and of nothing without asking', async () => {
    const screen = await startShell({ terms: { tmux: true } });
    await expect.poll(() => screen.ask(told), soon).toMatch(/^prod-db:write \d+$/);
    await screen.line('tmux set -p @jit_target around; clear; ./jit; echo inner=$?');
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $(?![\s\S]*inner=)/m);
    await expect.poll(() => screen.ask(told), soon).toMatch(/^prod-db:write \d+$/);
    await screen.line('exit 3');
    await screen.waitFor(/^inner=3/m);
    expect(await screen.ask(told)).toMatch(/^around \d+$/);
    await screen.line('exit 4');
    await screen.waitFor(/^exit=4/m);
    expect(await screen.ask(told)).toBe('');
    stage.scene.describe({ command: null, shell: 'bash' });
    await screen.line('clear; ./jit');
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    expect(await screen.ask(told)).toBe('');
  });

  test('an extension shows in the same shell, with the environment it had', async () => {
    const screen = await startShell({ seconds: 290 });
    await screen.line('kept=yes; before=$$');
    stage.scene.extendTo(7290);
    await screen.press('Enter');
    await screen.waitFor(/^\[prod-db:write 2h1m\] inner> $/m);
    await screen.line('echo "kept=$kept same=$(( before == $$ )) pg=$PGSERVICE"');
    await screen.waitFor(/^kept=yes same=1 pg=prod-db/m);
  });
});
