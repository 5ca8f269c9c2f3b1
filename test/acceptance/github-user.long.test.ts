// Signing in at GitHub from a real terminal: the code is shown, the person allows it elsewhere, the shell opens; denied and
// Ctrl-C leave nothing; without a terminal nothing is asked.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quotePosix } from '../../src/shell/quote.ts';
import { type FakeGithub, startFakeGithub } from '../fakes/github/server.ts';
import { privateKey } from '../fakes/github/state.ts';
import { missing, openTerminal, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const root = path.join(import.meta.dirname, '../..');
const noTmux = missing('tmux');
const patience = { withinMs: 20_000 };

let github: FakeGithub;
let world: World;
let terminal: Terminal | null;

const config = (url: string, dir: string): string => `
version: 1
targets:
  repos:
    provider: github
    app_id: 4711
    private_key: file:${dir}/app.pem
    owner: acme
    base_url: ${url}
    act_as: user
    client_id: Iv23liTESTclient
    client_secret: file:${dir}/client-secret
    export: env
    roles:
      read: { repositories: [web-one], permissions: { contents: read } }
entitlements:
  - { name: read, who: ["$ME"], roles: ["*:read"], max_duration: 1h }
`;

beforeEach(async () => {
  github = await startFakeGithub();
  github.account.install('acme');
  for (const name of ['web-one', 'api']) github.account.addRepository('acme', name);
  const { users } = github.account;
  users.hasPace = true;
  world = createWorld('');
  writeFileSync(path.join(world.dir, 'app.pem'), privateKey, { mode: 0o600 });
  writeFileSync(path.join(world.dir, 'client-secret'), `${users.clientSecret}\n`, { mode: 0o600 });
  world.writeConfig(config(github.url, world.dir));
  terminal = null;
});
afterEach(async () => {
  await terminal?.close();
  await world.remove();
  await github.close();
});

/** A shell of the user in which `jit` is a command. */
async function openShell(): Promise<Terminal> {
  const { dir, env } = world;
  const words = [process.execPath, path.join(root, 'dist/jit.cjs')].map(quotePosix).join(' ');
  writeFileSync(path.join(dir, 'jit'), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const more = { PATH: `${dir}:${env['PATH']}`, SHELL: '/bin/bash', PS1: 'outer$ ' };
  terminal = await openTerminal({
    command: ['bash', '--norc', '--noprofile', '-i'],
    env: { ...Object.fromEntries(set), ...more },
    cwd: dir,
  });
  await terminal.waitFor(/outer\$ $/m, patience);
  return terminal;
}

/** Everything that jit keeps, as one text. */
function disk(): string {
  return [world.paths.stateDir, world.paths.runDir]
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

const users = () => github.account.users;
const grants = async () => (await (await world.client()).status()).grants;

/** Waits until the code is on the screen, and answers it. */
async function shown(shell: Terminal): Promise<string> {
  const asks =
    /to act as you for "repos": open http\S+\/login\/device and\s+enter\s+([A-Z0-9]{4}-[A-Z0-9]{4})/;
  await shell.waitFor(asks, patience);
  const code = asks.exec(await shell.screen())?.[1] ?? '';
  expect(users().devices.map(({ userCode }) => userCode)).toEqual([code]);
  return code;
}

describe.skipIf(noTmux)(`on a terminal${noTmux ? ` (skipped: ${noTmux})` : ''}`, () => {
  test('the code is shown, and the shell opens when the person has allowed it', async () => {
    const shell = await openShell();
    await shell.line('jit elevate repos --for 20m; echo exit=$?');
    users().decide('approved', 'octo-alice', await shown(shell));
    await shell.waitFor(/repos:read until/, patience);
    const [base, token] = github.account.live();
    expect(base?.isBase).toBe(true);
    expect(token?.permissions).toEqual({ metadata: 'read', contents: 'read' });
    await until(async () => {
      await shell.line('echo "mine=$(printf %.4s "$GH_ENTERPRISE_TOKEN")"');
      await shell.waitFor(/^mine=ghu_/m, { withinMs: 1_000 });
    });
    for (const one of [base, token]) expect(disk()).not.toContain(one?.token);
    await shell.line('exit 7');
    await shell.waitFor(/exit=7/, patience);
    expect(github.account.live().map(({ token: one }) => one)).toEqual([base?.token]);
    await shell.line('jit elevate repos -- true; echo next=$?');
    await shell.waitFor(/next=0/, patience);
    expect(users().devices).toHaveLength(1);
    await (await world.client()).stop();
    await until(() => expect(github.account.live()).toEqual([]));
  }, 60_000);

  test('denied at GitHub ends the command and leaves nothing', async () => {
    const shell = await openShell();
    await shell.line('jit elevate repos -- true; echo exit=$?');
    users().decide('denied', 'octo-alice', await shown(shell));
    await shell.waitFor(/did not allow GitHub of target "repos"[\s\S]*exit=4/, patience);
    expect(github.account.tokens).toEqual([]);
    expect(await grants()).toEqual([]);
  }, 60_000);

  test('Ctrl-C leaves nothing, also when the code is entered after it', async () => {
    const shell = await openShell();
    await shell.line('jit elevate repos -- true; echo exit=$?');
    const code = await shown(shell);
    await shell.press('C-c');
    await shell.waitFor(/jit: cancelled\n+exit=130/, patience);
    users().decide('approved', 'octo-alice', code);
    expect(await grants()).toEqual([]);
    // By the end of the broker whatever was under way is over.
    await (await world.client()).stop();
    await until(async () => expect(await world.client({ start: false }).catch(() => null)).toBeNull());
    expect(github.account.live()).toEqual([]);
  }, 60_000);
});

test('without a terminal nobody is asked, and the error says where one would be', async () => {
  const ran = await world.jit('elevate', 'repos', '--', 'true');
  expect(ran).toMatchObject({ code: 4, stdout: '' });
  expect(ran.stderr).toMatch(/^jit: error: target "repos" acts as a person, and nobody is at a terminal/m);
  expect(ran.stderr).toMatch(/^jit: hint: on a terminal: jit elevate repos/m);
  expect(users().devices).toEqual([]);
}, 60_000);
