import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { Session } from '../../src/core/grant.ts';
import { nudge } from '../../src/system/nudge.ts';
import { ownSession, sessionOf } from '../../src/system/process-info.ts';

/** A child, and what it says of itself once it runs. */
async function child(text: string) {
  const started = spawn(process.execPath, [
    '-e',
    `${text}; process.stdout.write('ready'); setInterval(() => 0, 1e9)`,
  ]);
  onTestFinished(async () => {
    started.kill('SIGKILL');
    if (started.exitCode === null && started.signalCode === null) await once(started, 'exit');
  });
  await once(started.stdout, 'data');
  const session = sessionOf(started.pid ?? 0);
  if (!session) throw new Error('the child has ended');
  return { started, session };
}

/** Whom a nudge of `session` would have reached. */
function reached(session: Session): [number, string][] {
  const all: [number, string][] = [];
  nudge(session, (...one) => all.push(one));
  return all;
}

test('the process of the session gets SIGURG', async () => {
  const { started, session } = await child("process.on('SIGURG', () => process.stdout.write('woken'))");
  nudge(session);
  expect(String((await once(started.stdout, 'data'))[0])).toBe('woken');
});

test('one that has not asked for it goes on', async () => {
  const { started, session } = await child("process.stdin.on('data', () => process.stdout.write('alive'))");
  nudge(session);
  started.stdin.write('?');
  expect(String((await once(started.stdout, 'data'))[0])).toBe('alive');
});

test('neither this process nor all, nor a group, nor the first one is ever reached', () => {
  const { startTime } = ownSession();
  const first = sessionOf(1);
  const pids = [process.pid, -process.pid, 0, -1, 1.5, Number.NaN];
  for (const pid of pids) expect(reached({ pid, startTime })).toEqual([]);
  expect(first && reached(first)).toEqual([]);
});

test('another process that has the pid by now is left alone, and so is one that has ended', async () => {
  const { started, session } = await child('');
  expect(reached(session)).toEqual([[session.pid, 'SIGURG']]);
  expect(reached({ ...session, startTime: `${session.startTime}1` })).toEqual([]);
  started.kill('SIGKILL');
  await once(started, 'exit');
  expect(reached(session)).toEqual([]);
});

test('what the system refuses is nobody’s problem', async () => {
  const { session } = await child('');
  const refuse = (): never => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
  };
  expect(() => nudge(session, refuse)).not.toThrow();
});
