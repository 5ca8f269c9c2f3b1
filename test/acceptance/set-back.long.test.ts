// A real broker and its signed log: set back, without its key, killed while it changes the key. What people see, and do.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeInstanceLock } from '../../src/store/instance-lock.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { liveIn, programLine, programToken } from '../support/command-target.ts';
import { type Keyring, noKeyring, startKeyring } from '../support/keyring.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';
import { createWorld, finish, type World } from '../support/world.ts';

let ledger: string;
let world: World;

beforeEach(() => {
  ledger = mkdtempSync(path.join(os.tmpdir(), 'jit-ledger-'));
  mkdirSync(path.join(ledger, 'live'));
  const line = JSON.stringify(programLine);
  world = createWorld(
    `
version: 1
targets:
  box:
    provider: command
    issue: ${line}
    revoke: ${line}
    confirm: ${line}
    list: ${line}
    timeout: 5s
    env: { PROGRAM_TOKEN: env:PROGRAM_TOKEN, LEDGER: ${ledger} }
    with: { ledger: ${ledger} }
    roles: { use: {} }
entitlements:
  - { name: me, who: [$ME], roles: ["box:*"], max_duration: 1h, on_restart: resume }
`,
    'dist-test',
  );
  world.env['PROGRAM_TOKEN'] = programToken;
});
afterEach(async () => {
  await world.remove();
  rmSync(ledger, { recursive: true, force: true });
});

const issue = () => world.jit('elevate', 'box:use', '--for', '1m', '--', 'true');
const status = async () => {
  const { audit_log: log } = JSON.parse((await world.jit('status', '--json')).stdout);
  return log as { origin: string; events: number; signed: boolean; key: { vkey: string }; known: unknown };
};
const key = async () => (await status()).key.vkey;
/** Answered, a broker still has its files to close. */
async function stop(): Promise<void> {
  const lock = takeInstanceLock(world.paths.lock);
  lock?.release();
  if (lock !== null) return;
  expect((await world.jit('broker', 'stop')).code).toBe(0);
  await until(() => {
    const free = takeInstanceLock(world.paths.lock);
    free?.release();
    expect(free).not.toBeNull();
  });
}
const verify = (...keys: string[]) => verifyFile(world.paths.database, { keys });

/** Puts the database back as it was before three more grants; the broker is stopped meanwhile. */
async function setBack(): Promise<{ first: string }> {
  expect(await issue()).toMatchObject({ code: 0 });
  const first = await key();
  await stop();
  const copy = `${world.paths.database}.copy`;
  copyFileSync(world.paths.database, copy);
  for (let count = 0; count < 3; count += 1) expect((await issue()).code).toBe(0);
  await stop();
  for (const suffix of ['-wal', '-shm']) rmSync(world.paths.database + suffix, { force: true });
  copyFileSync(copy, world.paths.database);
  return { first };
}

async function expectRefusal(): Promise<void> {
  const refused = await issue();
  expect(refused).toMatchObject({ code: 125, stdout: '' });
  expect(refused.stderr).toMatch(
    /^jit: error: the audit log was set back: it has \d+ events and does not lead/,
  );
  expect(refused.stderr).toContain('jit: hint: jit audit fork --reason "…"');
  expect((await world.jit('status')).stdout).toMatch(
    /^AUDIT LOG SET BACK: .* \d+ are missing; nothing is issued$/m,
  );
  expect(await world.jit('doctor')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/FAILED {3}log sign/),
  });
}

async function expectGoingOn(first: string): Promise<void> {
  const unasked = await world.jit('audit', 'fork', '--reason', 'restored');
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
  const forked = await world.jit('audit', 'fork', '--reason', 'restored', '--yes', '--json');
  expect(forked.code, forked.stderr).toBe(0);
  const { origin, vkey } = JSON.parse(forked.stdout) as { origin: string; vkey: string };
  expect(origin).toMatch(/\/2$/);
  expect((await world.jit('audit', 'fork', '--reason', 'again', '--yes')).code).toBe(1);
  expect((await issue()).code).toBe(0);
  await stop();
  expect((await issue()).code).toBe(0);
  expect(await key()).toBe(vkey);
  expect(verify(first, vkey)).toMatchObject({ valid: true });
}

test('a database that was set back issues nothing until a fork says why', async () => {
  const { first } = await setBack();
  await expectRefusal();
  await expectGoingOn(first);
});

test('what is open in a database that was set back can be revoked', async () => {
  const client = await world.client();
  const open = await client.elevate(wish({ target: 'box', role: 'use' }));
  const copy = `${world.paths.database}.copy`;
  const { pid } = await client.hello();
  process.kill(pid, 'SIGKILL');
  await until(async () => expect((await world.jit('broker', 'status')).code).toBe(7));
  copyFileSync(world.paths.database, copy);
  copyFileSync(`${world.paths.database}-wal`, `${copy}-wal`);
  expect((await issue()).code).toBe(0);
  const again = await world.client();
  process.kill((await again.hello()).pid, 'SIGKILL');
  await until(async () => expect((await world.jit('broker', 'status')).code).toBe(7));
  rmSync(`${world.paths.database}-shm`, { force: true });
  copyFileSync(copy, world.paths.database);
  copyFileSync(`${copy}-wal`, `${world.paths.database}-wal`);
  expect(liveIn(ledger)).toHaveLength(1);
  await expectRefusal();
  expect((await world.jit('revoke', open.grant.id)).code).toBe(0);
  expect(liveIn(ledger)).toEqual([]);
});

test('without its key the log is not signed, nothing is issued, and a fork goes on', async () => {
  expect((await issue()).code).toBe(0);
  const first = await key();
  await stop();
  unlinkSync(world.paths.deviceKey);
  const refused = await issue();
  expect(refused.code).toBe(6);
  expect(refused.stderr).toContain(`it is not in "${world.paths.deviceKey}"`);
  expect(refused.stderr).toContain('jit audit fork --reason "…"');
  expect((await world.jit('status')).stdout).toContain('AUDIT LOG NOT SIGNED');
  await expectGoingOn(first);
});

describe('killed while the key changes', () => {
  async function brokerThatDies(at: string): Promise<ChildProcess> {
    const broker = world.startBroker({ JIT_FAILPOINT: `${at}=kill` });
    await until(async () => {
      const client = await world.client({ start: false });
      expect((await client.hello()).pid).toBe(broker.pid);
    });
    return broker;
  }

  test.each([
    ['rotate.saved', 2, 'old'],
    ['rotate.written', 2, 'new'],
    ['rotate.tidied', 1, 'new'],
  ])('at %s, the next broker signs with the key that the log names', async (at, kept, which) => {
    expect((await issue()).code).toBe(0);
    const first = await key();
    await stop();
    const seeds = () => readFileSync(world.paths.deviceKey, 'utf8').trim().split('\n').length;
    const broker = await brokerThatDies(at);
    const ended = once(broker, 'exit');
    expect((await world.jit('audit', 'rotate')).code).toBe(7);
    await ended;
    expect(seeds()).toBe(kept);
    expect((await issue()).code).toBe(0);
    expect((await key()) === first).toBe(which === 'old');
    await until(() => expect(seeds()).toBe(1));
    expect(await world.jit('audit', 'rotate')).toMatchObject({ code: 0 });
    await stop();
    expect(verify(first)).toMatchObject({ valid: true });
  });

  test.each(['fork.saved', 'fork.written'])('at %s, the log is forked once and goes on', async (at) => {
    const { first } = await setBack();
    const broker = await brokerThatDies(at);
    const ended = once(broker, 'exit');
    expect((await world.jit('audit', 'fork', '--reason', 'x', '--yes')).code).toBe(7);
    await ended;
    if (at === 'fork.saved') await expectGoingOn(first);
    expect((await issue()).code).toBe(0);
    const { origin } = await status();
    expect(origin).toMatch(/\/2$/);
    await stop();
    expect(verify(first, verify().logs[1]?.keys[0] ?? '')).toMatchObject({ valid: true });
  });
});

describe.skipIf(noKeyring)(`with a real keychain${noKeyring ? ` (skipped: ${noKeyring})` : ''}`, () => {
  let keyring: Keyring;
  beforeEach(async () => {
    keyring = await startKeyring();
    Object.assign(world.env, keyring.env);
  });
  afterEach(async () => {
    await stop();
    await keyring.close();
  });

  test('the key is in it alone, brokers in sequence use it, and its copy of the head tells of a database set back', async () => {
    const { first } = await setBack();
    expect(() => readFileSync(world.paths.deviceKey)).toThrow(/ENOENT/);
    rmSync(world.paths.heads, { recursive: true });
    await expectRefusal();
    expect(await status()).toMatchObject({ known: { from: 'keychain' } });
    await expectGoingOn(first);
  });

  test('where it does not answer any more, nothing is issued and the message says what to do', async () => {
    expect((await issue()).code).toBe(0);
    await stop();
    const child = world.start(['elevate', 'box:use', '--for', '1m', '--', 'true'], {
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    });
    const refused = await finish(child);
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining('unlock the keychain') });
    await stop();
    expect((await issue()).code).toBe(0);
  });
});
