// What is left of a grant's files: while its shell goes on something that makes clients fail, and then nothing.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { sessionOf } from '../../src/system/process-info.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
let shell: ChildProcess;
let stop = (): void => undefined;
beforeEach(() => {
  world = createTestBroker();
  stop = startExpiry(world.broker);
  shell = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e9)'], { stdio: 'ignore' });
});
afterEach(async () => {
  await endShell();
  stop();
  world.remove();
});

async function endShell(): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  shell.kill('SIGKILL');
  await once(shell, 'exit');
}

/** A grant of the shell, and the path of its file. */
async function grantOfShell(keep = false) {
  const { grant, env } = await elevate(
    world.broker,
    ada,
    request({ session: sessionOf(shell.pid ?? 0), keep }),
  );
  const file = env['FAKE_PASSFILE'] ?? '';
  expect(readFileSync(file, 'utf8')).toMatch(/^planted-/);
  return { id: grant.id, file };
}

const end = (id: string, cause: 'revoked' | 'session-ended') =>
  revoke(world.broker, ada, { grant: id, all: false, cause });

test('while the shell goes on its clients find a file, without the secret', async () => {
  const { id, file } = await grantOfShell();
  await end(id, 'revoked');
  await until(() => expect(readFileSync(file, 'utf8')).toBe('no password any more'));
});

test('once the shell is gone, so is the folder', async () => {
  const { id, file } = await grantOfShell();
  await end(id, 'revoked');
  await until(() => expect(existsSync(file)).toBe(true));
  await endShell();
  world.clock.advance(2_000);
  await until(() => expect(existsSync(path.dirname(file))).toBe(false));
});

test('nothing is left when the session itself has ended', async () => {
  const { id, file } = await grantOfShell();
  await end(id, 'session-ended');
  await until(() => expect(existsSync(path.dirname(file))).toBe(false));
  world.clock.advance(2_000);
  expect(existsSync(path.dirname(file))).toBe(false);
});

test('nothing is left of a grant whose shell had ended before it', async () => {
  const { id, file } = await grantOfShell(true);
  await endShell();
  await end(id, 'revoked');
  await until(() => expect(existsSync(path.dirname(file))).toBe(false));
});
