import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeStartFolder } from '../../src/shell/start-folder.ts';
import { removeTree } from '../../src/system/files.ts';
import { sessionOf } from '../../src/system/process-info.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { missing } from '../support/tmux.ts';
import { useStage } from './stage.ts';

vi.mock(import('../../src/system/files.ts'), async (original) => {
  const files = await original();
  return { ...files, removeTree: vi.fn(files.removeTree) };
});

let runDir: string;
let running: ChildProcess[];

beforeEach(() => {
  runDir = temporaryFolder();
  running = [];
});
afterEach(async () => {
  for (const child of running) await end(child);
});

async function begin(): Promise<ChildProcess> {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  running.push(child);
  await once(child, 'spawn');
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** What `jit` leaves while its shell runs. */
function folderOf(jit: ChildProcess, shell: ChildProcess | null): string {
  const folder = makeStartFolder(runDir, sessionOf(jit.pid ?? 0));
  if (shell) folder.usedBy(shell.pid ?? 0);
  return folder.path;
}

describe('the folder with the start files of a shell', () => {
  it('goes at the next start once both its jit and its shell were killed', async () => {
    const [jit, shell] = [await begin(), await begin()];
    const left = folderOf(jit, shell);
    await end(jit);
    const second = makeStartFolder(runDir);
    expect(existsSync(left)).toBe(true); // a shell may outlive its jit
    await end(shell);
    second.remove();
    const third = makeStartFolder(runDir);
    expect(readdirSync(runDir)).toEqual([path.basename(third.path)]);
  });

  it('goes although another one cannot be removed', async () => {
    const [jit, shell] = [await begin(), await begin()];
    const left = [folderOf(jit, shell), folderOf(jit, shell)];
    await end(jit);
    await end(shell);
    vi.mocked(removeTree).mockImplementationOnce(() => {
      throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' });
    });
    makeStartFolder(runDir);
    expect(left.filter((folder) => existsSync(folder))).toHaveLength(1);
  });

  it('stays while its jit runs, however old it is', async () => {
    const [jit, shell] = [await begin(), await begin()];
    const folder = folderOf(jit, shell);
    await end(shell);
    utimesSync(folder, 0, 0);
    makeStartFolder(runDir);
    expect(existsSync(folder)).toBe(true);
  });

  it('goes although another process has the number of the one that is gone', async () => {
    const folder = makeStartFolder(runDir, { pid: process.pid, startTime: 'another' });
    const shell = await begin();
    folder.usedBy(shell.pid ?? 0);
    await end(shell);
    makeStartFolder(runDir);
    expect(existsSync(folder.path)).toBe(false);
  });

  it('stays when nobody knows whose it is: a shell that is only being started, a file of somebody else', async () => {
    const jit = await begin();
    const begun = folderOf(jit, null);
    await end(jit);
    const odd = path.join(runDir, 'shell-odd');
    mkdirSync(odd);
    writeFileSync(path.join(odd, 'owner'), 'x\n\n1 2 3\n');
    const elsewhere = temporaryFolder();
    writeFileSync(path.join(elsewhere, 'owner'), '1 gone\n1 gone\n');
    symlinkSync(elsewhere, path.join(runDir, 'shell-link'));
    makeStartFolder(runDir);
    expect([begun, odd, path.join(elsewhere, 'owner')].every(existsSync)).toBe(true);
    expect(existsSync(path.join(runDir, 'shell-link'))).toBe(true);
  });
});

const absent = missing('tmux');
describe.skipIf(absent)(`on a terminal${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const stage = useStage();

  it('says which jit and which shell it is for', async () => {
    const screen = await stage.start({ command: null, shell: 'bash' });
    await screen.waitFor(/\[prod-db:write \d+m\]/);
    await screen.line(`cd ${stage.scene.runDir}/shell-*; { read -r jit _; read -r shell _; } <owner`);
    await screen.line('echo jit=$((jit == PPID)) shell=$((shell == $$))');
    await screen.waitFor(/^jit=1 shell=1/m);
    await screen.line('cd /; exit');
    await screen.waitFor(/^exit=0/m);
    expect(stage.scene.runFiles()).toEqual(['prompt']);
  });
});
