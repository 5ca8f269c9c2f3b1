import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  isAlive,
  isWithin,
  ownSession,
  parentPid,
  processName,
  processStartTime,
  sessionOf,
} from '../../src/system/process-info.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { until } from '../support/until.ts';

function start(command: string, args: string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, pid: child.pid ?? 0 };
}

describe('process-info', () => {
  it('knows this process, its parent and its program', () => {
    expect(ownSession().pid).toBe(process.pid);
    expect(isAlive(ownSession())).toBe(true);
    expect(parentPid(process.pid)).toBe(process.ppid);
    expect(processName(process.pid)).toBe(path.basename(process.execPath));
  });

  it('gives the same start time each time, and another one to a process started later', async () => {
    const { pid, child } = start('cat', []);
    await once(child, 'spawn');
    expect(processStartTime(pid)).toBe(processStartTime(pid));
    expect(processStartTime(pid)).not.toBe(processStartTime(process.pid));
  });

  it('knows who descends from a process, and who does not', async () => {
    const { pid, child } = start('sh', ['-c', 'sleep 60 & echo $!; wait']);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const grandchild = Number(String(line));
    onTestFinished(() => void process.kill(grandchild, 'SIGKILL'));
    const own = ownSession();
    expect([pid, grandchild, process.pid].map((one) => isWithin(one, own))).toEqual([true, true, true]);
    expect([process.ppid, 1, 2 ** 22 - 1].map((one) => isWithin(one, own))).toEqual([false, false, false]);
    expect(isWithin(grandchild, { ...own, startTime: 'another' })).toBe(false);
    const session = sessionOf(pid);
    if (session === null) throw new Error('it runs');
    expect(isWithin(grandchild, session)).toBe(true);
    expect(isWithin(process.pid, session)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isWithin(grandchild, session)).toBe(false);
  });

  it('does not take another process with the same pid for the one it knew', () => {
    const own = ownSession();
    expect(isAlive({ ...own, startTime: `${own.startTime}0` })).toBe(false);
  });

  it('counts a zombie as dead', async () => {
    // The shell starts a child, becomes a program that never asks for its exit code, and tells its pid first.
    const { child } = start('/bin/sh', ['-c', 'sleep 1000 & echo $!; exec cat']);
    const [line] = await once(child.stdout, 'data');
    const pid = Number(String(line));
    const session = sessionOf(pid);
    expect(session && isAlive(session)).toBe(true);
    // Until then it is a shell, which would ask.
    await until(() => expect(processName(child.pid ?? 0)).toBe('cat'));
    process.kill(pid, 'SIGKILL');
    await until(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /));
    expect(processStartTime(pid)).toBeNull();
    expect(session && isAlive(session)).toBe(false);
  });

  it('knows nothing of processes that are gone or cannot be', async () => {
    const { child, pid } = start('true', []);
    await once(child, 'exit');
    for (const none of [pid, 0, -1, 1.5, 2 ** 40, Number.NaN]) {
      expect([processStartTime(none), parentPid(none), processName(none), sessionOf(none)]).toEqual(
        Array(4).fill(null),
      );
    }
  });

  it('reads the facts of a process whose name holds brackets and blanks', async () => {
    const program = path.join(temporaryFolder(), 'a) S 1 (b');
    symlinkSync('/bin/cat', program);
    const { child, pid } = start(program, []);
    await until(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain('(a) S 1 (b)'));
    expect(parentPid(pid)).toBe(process.pid);
    expect(processStartTime(pid)).toMatch(/^[0-9a-f]{8}\.\d+$/);
    child.kill();
  });
});
