// An MFA code at a real terminal: asked for by name, masked, declined with Ctrl-C; and what happens without a terminal.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quotePosix } from '../../src/shell/quote.ts';
import { code, createMfaUser, device, type MfaUser } from '../support/mfa-user.ts';
import { missing, openTerminal, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';

const root = path.join(import.meta.dirname, '../..');
const noTmux = missing('tmux');
const patience = { withinMs: 20_000 };

let user: MfaUser;
let terminals: Terminal[];
beforeEach(async () => {
  user = await createMfaUser();
  terminals = [];
});
afterEach(async () => {
  await Promise.all(terminals.map((terminal) => terminal.close()));
  await user.world.remove();
  await user.aws.close();
});

/** A shell of the user in which `jit` is a command. */
async function openShell(): Promise<Terminal> {
  const { dir, env } = user.world;
  const jit = path.join(dir, 'jit');
  const words = [process.execPath, path.join(root, 'dist/jit.cjs')].map(quotePosix).join(' ');
  writeFileSync(jit, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const terminal = await openTerminal({
    command: ['bash', '--norc', '--noprofile', '-i'],
    env: {
      ...Object.fromEntries(set),
      PATH: `${dir}:${env['PATH']}`,
      SHELL: '/bin/bash',
      PS1: 'outer$ ',
    },
    cwd: dir,
  });
  terminals.push(terminal);
  await terminal.waitFor(/outer\$ $/m, patience);
  return terminal;
}

const asks = new RegExp(`MFA code of ${device} for aws-prod`);
const types = async (): Promise<unknown[]> => {
  const wanted = { grant: null, target: null, principal: null, since: null, until: null, limit: null };
  const { events } = await (await user.world.client()).audit(wanted);
  return events.map(({ body }) => body['type']);
};
const grants = async () => (await (await user.world.client()).status()).grants;

describe.skipIf(noTmux)(`on a terminal${noTmux ? ` (skipped: ${noTmux})` : ''}`, () => {
  test('jit elevate asks for the code, shows none of it, and opens the shell', async () => {
    const shell = await openShell();
    await shell.line('jit elevate aws-prod --for 20m; echo exit=$?');
    await shell.waitFor(asks, patience);
    await shell.line(code);
    await shell.waitFor(/aws-prod:deploy until/, patience);
    await until(async () => {
      await shell.line('echo role=$AWS_VAULT');
      await shell.waitFor(/^role=aws-prod/m, { withinMs: 1_000 });
    });
    expect(await shell.screen()).not.toContain(code);
    expect(await grants()).toMatchObject([{ target: 'aws-prod', state: 'active' }]);
    await shell.line('exit 7');
    await shell.waitFor(/exit=7/, patience);
    expect(readFileSync(user.world.paths.log, 'utf8')).not.toContain(code);
    expect(user.aws.count('GetSessionToken')).toBe(1);
  }, 60_000);

  test('a wrong code is asked for again, and then not once more for the next grant', async () => {
    const shell = await openShell();
    await shell.line('jit elevate aws-prod -- true; echo exit=$?');
    await shell.waitFor(asks, patience);
    await shell.line('000000');
    await shell.waitFor(new RegExp(`that code was not taken; ${asks.source}`), patience);
    await shell.line(code);
    await shell.waitFor(/exit=0/, patience);
    await shell.line('jit elevate aws-prod -- true; echo next=$?');
    await shell.waitFor(/next=0/, patience);
    expect(user.aws.count('GetSessionToken')).toBe(2);
  }, 60_000);

  test('Ctrl-C at the question leaves no grant and no question to anybody', async () => {
    const shell = await openShell();
    await shell.line('jit elevate aws-prod -- true; echo exit=$?');
    await shell.waitFor(asks, patience);
    await shell.press('C-c');
    await shell.waitFor(/jit: cancelled\n+exit=130/, patience);
    expect(await grants()).toEqual([]);
    expect(await types()).not.toContain('grant.requested');
    expect(user.aws.calls).toEqual([]);
  }, 60_000);

  test('Ctrl-C at one terminal moves the question to the other, which both then need no more', async () => {
    const [first, second] = [await openShell(), await openShell()];
    await first.line('jit elevate aws-prod -- true; echo exit=$?');
    await first.waitFor(asks, patience);
    await second.line('jit elevate aws-prod -- true; echo exit=$?');
    await second.waitFor(/Asking for aws-prod/, patience);
    await first.press('C-c');
    await first.waitFor(/exit=130/, patience);
    await second.waitFor(asks, patience);
    await second.line(code);
    await second.waitFor(/exit=0/, patience);
    expect(user.aws.count('GetSessionToken')).toBe(1);
  }, 60_000);
});

describe('without a terminal', () => {
  test('jit elevate ends at once and names what answers instead of a person', async () => {
    const ran = await user.world.jit('elevate', 'aws-prod', '--', 'true');
    expect(ran.code).toBe(4);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/^jit: error: target "aws-prod" needs an MFA code, and nobody gave one$/m);
    expect(ran.stderr).toMatch(/^jit: hint: .*set mfa_process to a program/m);
    expect(user.aws.calls).toEqual([]);
    expect(await types()).not.toContain('grant.requested');
  }, 60_000);
});
