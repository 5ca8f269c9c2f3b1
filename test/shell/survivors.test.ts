// Who still holds a grant: what is listed when a shell is left, and what counts as held.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { findHolders, holdersOf, nameOf } from '../../src/shell/holders.ts';
import { missing, type Terminal } from '../support/tmux.ts';
import { type Described, until } from './scene.ts';
import { useStage } from './stage.ts';

const harness = path.join(import.meta.dirname, 'harness.ts');
const stage = useStage();
const absent = missing('tmux', 'bash');

describe.skipIf(absent)(`a shell in bash${absent ? ` (skipped: ${absent})` : ''}`, () => {
  beforeEach(() => writeFileSync(path.join(stage.scene.home, '.bashrc'), `PS1='inner> '\n`));

  async function startShell(described: Partial<Described> = {}) {
    const screen = await stage.start({ command: null, shell: 'bash', graceMs: 1_000, ...described });
    await screen.waitFor(/^\[prod-db:write \d+m\] inner> $/m);
    return screen;
  }

  const sleepers = () => holdersOf(stage.scene.grant.id).filter((pid) => nameOf(pid) === 'sleep');

  test('what goes on in the background after it was left is listed with pid and name', async () => {
    const screen = await startShell();
    await screen.line('sleep 300 & setsid sleep 300 &');
    await until(() => sleepers().length === 2, 'they run');
    const [...expected] = sleepers().map((pid) => ({ pid, name: 'sleep' }));
    await screen.line('exit');
    await screen.waitFor(/^exit=0/m);
    expect(stage.scene.survivors()).toEqual(expected);
    for (const pid of sleepers()) process.kill(pid);
  });

  test('a tmux server that was started inside is among them', async () => {
    const screen = await startShell();
    const socket = path.join(stage.scene.folder, 'tmux.sock');
    await screen.line(`TMUX= tmux -f /dev/null -S ${socket} new-session -d 'exec sleep 300'; exit`);
    await screen.waitFor(/^exit=0/m);
    expect(stage.scene.survivors().map(({ name }) => name)).toContain('tmux: server');
    execFileSync('tmux', ['-S', socket, 'kill-server']);
  });

  test('nothing is listed when nothing goes on', async () => {
    const screen = await startShell();
    await screen.line('true & wait; exit');
    await screen.waitFor(/^exit=0/m);
    expect(stage.scene.survivors()).toEqual([]);
  });

  test('what was started after the end of the grant holds nothing of it', async () => {
    const screen = await startShell();
    await stage.scene.endGrant();
    await screen.press('Enter');
    await screen.waitFor(/^\[jit ended\] inner> $/m);
    await screen.line('sleep 300 &');
    await screen.line('echo "started=$(jobs -p | wc -l)"');
    await screen.waitFor(/^started=1/m);
    expect(sleepers()).toEqual([]);
    await screen.line('kill %1; exit');
    await screen.waitFor(/^exit=0/m);
    expect(stage.scene.survivors()).toEqual([]);
  });

  test('a name that was made to attack the terminal is listed without its control characters', async () => {
    const screen = await startShell();
    const { folder } = stage.scene;
    await screen.line(`a=$'${folder}/a\\e]0;x\\a'; cp "$(command -v sleep)" "$a"`);
    await screen.line('"$a" 300 &');
    await until(() => holdersOf(stage.scene.grant.id).some((pid) => nameOf(pid) === 'a?]0;x?'), 'it runs');
    await screen.line('exit');
    await screen.waitFor(/^exit=0/m);
    expect(stage.scene.survivors()).toMatchObject([{ name: 'a?]0;x?' }]);
    for (const pid of holdersOf(stage.scene.grant.id)) process.kill(pid);
  });

  /** Starts a session with a grant of its own inside of the session. */
  async function startInner(screen: Terminal) {
    const outer = stage.scene.grant.id;
    const inner = `${outer}x`;
    const folder = path.join(stage.scene.folder, 'inner');
    mkdirSync(folder);
    const described = readFileSync(path.join(stage.scene.folder, 'session.json'), 'utf8');
    writeFileSync(path.join(folder, 'session.json'), described.replace(`"id":"${outer}"`, `"id":"${inner}"`));
    const entry = stage.scene.entry(1790);
    stage.scene.writeState(entry, entry.replace(outer, inner));
    await screen.line(`clear; ${process.execPath} ${harness} ${folder}; echo inner=$?`);
    await until(() => findHolders(inner).length > 0, 'the inner shell runs');
    await screen.waitFor(/\] inner> $/m);
    return { outer, inner };
  }

  test('processes of an inner session hold the outer grant, too; its shell and its jit are known as such', async () => {
    const screen = await startShell();
    const { outer, inner } = await startInner(screen);
    await screen.line('sleep 300 &');
    await until(() => sleepers().length === 1, 'it runs');
    const named = (grant: string) =>
      findHolders(grant).map(({ pid, isOfSession }) => `${nameOf(pid)} ${isOfSession}`);
    expect(named(inner).toSorted()).toEqual(['bash true', 'sleep false']);
    expect(named(outer).toSorted()).toEqual(['bash true', 'bash true', 'node true', 'sleep false']);
    await screen.line('kill %1; exit 5');
    await screen.waitFor(/^inner=5/m);
    await screen.line('exit 6');
    await screen.waitFor(/^exit=6/m);
  });

  test('terminate ends the programs of an inner session, and leaves the inner shell to its own end', async () => {
    const screen = await startShell({ terms: { onEnd: 'terminate' } });
    await startInner(screen);
    await screen.line('sleep 300 &');
    await until(() => sleepers().length === 1, 'it runs');
    await stage.scene.endGrant();
    await until(() => sleepers().length === 0, 'it has ended');
    await screen.line('echo "still inner: $JIT_STACK"');
    await screen.waitFor(/^still inner: \w/m);
    await screen.line('exit 5');
    await screen.waitFor(/^inner=5/m);
    await screen.line('exit 6');
    await screen.waitFor(/^exit=6/m);
  });

  test('close takes an inner session along', async () => {
    const screen = await startShell({ terms: { onEnd: 'close' } });
    const { inner } = await startInner(screen);
    await stage.scene.endGrant();
    await screen.waitFor(/^exit=124/m);
    expect(holdersOf(inner)).toEqual([]);
  });
});
