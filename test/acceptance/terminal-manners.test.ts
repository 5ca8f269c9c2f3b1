// Questions of `jit elevate` on a real terminal: how few keys they take, what habit cannot do, and that Ctrl-C in any of
// them leaves nothing behind.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PostgresServer } from '../support/postgres.ts';
import { shellKinds } from '../support/shell-kinds.ts';
import { serveShellUser } from '../support/shell-user.ts';
import { missing, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';

const completions = path.join(import.meta.dirname, '../../completions');
const absent = missing('tmux', 'bash', 'script');
const bash = shellKinds.find(({ name }) => name === 'bash');

function config(server: PostgresServer): string {
  const target = (name: string, risk: string): string => `
  ${name}:
    provider: postgres
    risk: ${risk}
    host: ${server.host}
    port: ${server.port}
    database: orders
    user: jit_broker
    password: $SECRET
    roles:
      read: { groups: [app_ro] }
      write: { groups: [app_rw] }`;
  return `
version: 1
targets:${target('alpha-db', 'low')}${target('orders-db', 'medium')}${target('vault-db', 'high')}
entitlements:
  - { name: everything, who: [$ME], roles: ["alpha-db:*", "orders-db:read", "vault-db:read"], max_duration: 1h }
  - name: writing
    who: [$ME]
    roles: ["orders-db:write"]
    max_duration: 1h
    reason: { required: true, presets: [restore, release] }
`;
}

describe.skipIf(absent)(`a terminal${absent ? ` (skipped: ${absent})` : ''}`, () => {
  const user = serveShellUser(config);
  let terminal: Terminal;
  beforeEach(async () => {
    if (!bash) throw new Error('no bash');
    terminal = await user.open(bash);
  });
  afterEach(() => terminal.close());

  /** Everything that was asked for, by the audit log. */
  async function requests(): Promise<Record<string, unknown>[]> {
    const { stdout } = await user.world.jit('audit', 'log', '--json');
    const { events } = JSON.parse(stdout) as {
      events: { body: { type: string; target: string; data: Record<string, unknown> } }[];
    };
    const asked = events.map(({ body }) => body).filter(({ type }) => type === 'grant.requested');
    return asked.map(({ target, data }) => ({ target, ...data }));
  }

  const lastRequest = async () => (await requests()).at(-1);

  async function activeGrants(): Promise<unknown[]> {
    const { stdout } = await user.world.jit('status', '--json');
    const { grants } = JSON.parse(stdout) as { grants: { state: string }[] };
    return grants.filter(({ state }) => state === 'active');
  }

  test('finds a target by three letters, among those that one may have', async () => {
    await terminal.line('jit elevate -- psql -Atc "select 40 + 2"');
    await terminal.waitFor(/Target[^\n]*\n[\s\S]*alpha-db:read/);
    expect(await terminal.screen()).not.toContain('vault-db:write');
    await terminal.type('odr');
    await terminal.waitFor(/❯ orders-db:read/);
    await terminal.press('Enter');
    await terminal.waitFor(/^42$/m);
    expect(await lastRequest()).toMatchObject({ target: 'orders-db', role: 'read' });
  });

  test('goes on with its questions after Ctrl-Z and fg', async () => {
    const stopAndGoOn = async (): Promise<void> => {
      await terminal.press('C-z');
      await terminal.waitFor(/Stopped/);
      await terminal.line('fg');
      await terminal.waitFor(/^jit elevate /m);
    };
    await terminal.line('jit elevate -- psql -Atc "select 40 + 6"');
    await terminal.waitFor(/Target[^\n]*\n[\s\S]*alpha-db:read/);
    await stopAndGoOn();
    await terminal.type('odr');
    await terminal.waitFor(/❯ orders-db:read/);
    await terminal.press('Enter');
    await terminal.waitFor(/^46$/m);
    await terminal.line('clear; jit elevate vault-db:read -- psql -Atc "select 40 + 7"');
    await terminal.waitFor(/Type vault-db to go on/);
    await stopAndGoOn();
    await terminal.type('vault-db');
    await terminal.press('Enter');
    await terminal.waitFor(/^47$/m);
  });

  test('asks again after Ctrl-Z and fg in plain mode, where nothing is redrawn', async () => {
    await terminal.line('clear; JIT_PLAIN=1 jit elevate vault-db:read -- psql -Atc "select 40 + 9"');
    await terminal.waitFor(/Type vault-db to go on/);
    await terminal.press('C-z');
    await terminal.waitFor(/Stopped/);
    await terminal.line('clear; fg');
    await terminal.waitFor(/^JIT_PLAIN=1 jit elevate [^\n]*\n[\s\S]*Type vault-db to go on/m);
    await terminal.type('vault-db');
    await terminal.press('Enter');
    await terminal.waitFor(/^49$/m);
  });

  test('stops at Ctrl-Z in plain mode while it hides what is typed, too', async () => {
    await terminal.line('clear; JIT_PLAIN=1 jit secret set keychain:jit/other');
    await terminal.waitFor(/\(not shown\): *$/m);
    await terminal.type('typed');
    await terminal.press('C-z');
    await terminal.waitFor(/Stopped/);
    await terminal.line('clear; fg');
    await terminal.waitFor(/^JIT_PLAIN=1 jit secret [^\n]*\n[\s\S]*\(not shown\): *$/m);
    await terminal.type('again');
    await terminal.press('C-c');
    await terminal.line('echo code=$?');
    await terminal.waitFor(/^code=130$/m);
    expect(await terminal.screen()).not.toMatch(/typed|again/);
  });

  test('reads no key of the shell that follows a question which Ctrl-Z has stopped', async () => {
    await terminal.line('jit elevate vault-db:read');
    await terminal.waitFor(/Type vault-db to go on/);
    await terminal.press('C-z');
    await terminal.waitFor(/Stopped/);
    await terminal.line('fg');
    await terminal.waitFor(/^jit elevate /m);
    await terminal.line('vault-db');
    await terminal.waitFor(/\[vault-db:read! /);
    await terminal.line('echo one');
    await terminal.waitFor(/^one$/m);
    // T: the terminal has stopped it, as whatever reads in the background. One that runs just now will sleep again.
    await terminal.line(
      'until ps -o stat= -p "$JIT_PARENT" | grep -q ^S; do sleep 0.1; done; echo it "sleeps"',
    );
    await terminal.waitFor(/^it sleeps$/m);
    await terminal.line('exit; echo left=$?');
    await terminal.waitFor(/left vault-db:read/);
  });

  test('stops with the script that started it, so that the shell has the terminal again', async () => {
    await terminal.line(`sh -c 'jit elevate vault-db:read -- psql -Atc "select 40 + 8"; echo left=$?'`);
    await terminal.waitFor(/Type vault-db to go on/);
    await terminal.press('C-z');
    await terminal.waitFor(/Stopped/);
    await terminal.line('fg');
    await terminal.waitFor(/^sh -c /m);
    await terminal.type('vault-db');
    await terminal.press('Enter');
    await terminal.waitFor(/^48$/m);
    await terminal.waitFor(/^left=0$/m);
  });

  test('finds the target of jit use in the same way', async () => {
    await terminal.line(`. ${completions}/jit.bash; . ${completions}/jit-use.bash; clear`);
    await terminal.line('jit use');
    await terminal.waitFor(/Target[^\n]*\n[\s\S]*alpha-db:read/);
    // The question belongs to the shell, which cannot stop: nothing happens, and each key still counts.
    await terminal.press('C-z');
    await terminal.type('odr');
    await terminal.waitFor(/❯ orders-db:read/);
    await terminal.press('Enter');
    await terminal.waitFor(/"jit drop" ends it/);
    await terminal.line('clear; psql -Atc "select 40 + 5"');
    await terminal.waitFor(/^45$/m);
    await terminal.line('jit drop; echo "code=$? <$PGDATABASE>"');
    await terminal.waitFor(/^code=0 <>$/m);
  });

  test('goes from one question to the next, however fast the keys come', async () => {
    await terminal.line('jit elevate -- true; echo code=$?');
    await terminal.waitFor(/Target[^\n]*\n[\s\S]*alpha-db:read/);
    await terminal.line('vlt');
    await terminal.waitFor(/Type vault-db to go on/);
    await terminal.line('vault-db');
    await terminal.waitFor(/^code=0$/m);
    expect(await lastRequest()).toMatchObject({ target: 'vault-db', role: 'read' });
  });

  test('offers the target that was had last first', async ({ onTestFinished }) => {
    if (!bash) throw new Error('no bash');
    // Of somebody who had nothing else: what the other tests ask for counts, too.
    const other = user.fresh(onTestFinished);
    await other.world.jit('elevate', 'orders-db:read', '--', 'true');
    const fresh = await other.open(bash);
    onTestFinished(() => fresh.close());
    await fresh.line('jit elevate -- true; echo code=$?');
    await fresh.waitFor(/❯ orders-db:read/);
    await fresh.press('C-c');
    await fresh.waitFor(/jit: cancelled[\s\S]*code=130/);
  });

  test('takes presets of reasons by arrows, typed ones by Enter, and the last one by Enter alone', async () => {
    const command = 'clear; jit elevate orders-db:write -- true; echo code=$?';
    await terminal.line(command);
    await terminal.waitFor(/❯ restore/);
    await terminal.press('Down');
    await terminal.waitFor(/❯ release/);
    await terminal.press('Enter');
    await terminal.waitFor(/code=0/);
    expect(await lastRequest()).toMatchObject({ reason: 'release' });

    await terminal.line(command);
    await terminal.waitFor(/❯ release/);
    await terminal.type('rest');
    await terminal.waitFor(/❯ rest\n[\s\S]*restore/);
    await terminal.press('Enter');
    await terminal.waitFor(/code=0/);
    expect(await lastRequest()).toMatchObject({ reason: 'rest' });

    await terminal.line(command);
    await terminal.waitFor(/❯ rest\n[\s\S]*as last time/);
    await terminal.press('Enter');
    await terminal.waitFor(/code=0/);
    expect(await lastRequest()).toMatchObject({ reason: 'rest' });
  });

  test('lets nobody into a target of high risk who types y by habit', async () => {
    await terminal.line('jit elevate vault-db:read -- psql -Atc "select 40 + 3"');
    await terminal.waitFor(/Type vault-db to go on/);
    await terminal.line('y');
    await terminal.waitFor(/that is not "vault-db"/);
    await until(async () => expect(await activeGrants()).toEqual([]));
    await terminal.press('C-u');
    await terminal.line('vault-db');
    await terminal.waitFor(/^43$/m);
    await terminal.line('clear; jit elevate vault-db:read --yes -- psql -Atc "select 40 + 4"');
    await terminal.waitFor(/^44$/m);
    expect(await terminal.screen()).not.toContain('to go on');
  });

  test.each([
    ['the search', 'elevate', 'Target'],
    ['the reason', 'elevate orders-db:write', 'Reason'],
    ['the name of the target', 'elevate vault-db:read', 'to go on'],
    ['the role', 'elevate orders-db', 'Role on orders-db'],
  ])('Ctrl-C in the question for %s leaves nothing behind, plain or not', async (_what, line, question) => {
    const before = await requests();
    for (const plain of ['', '--plain ']) {
      // A line of its own tells this question from the one before.
      await terminal.line(`clear; echo plain=${plain}; jit ${line} ${plain}-- true; echo code=$?`);
      await terminal.waitFor(new RegExp(`^plain=${plain.trim()}\\n[^$]*${question}`, 'm'));
      await terminal.press('C-c');
      await terminal.waitFor(/jit: cancelled\s+code=130/);
      // One of the test before may be about to end.
      await until(async () => expect(await activeGrants()).toEqual([]));
      expect(await requests()).toEqual(before);
    }
    await terminal.line('stty -a | grep -cw -- "echo"');
    await terminal.waitFor(/^1$/m);
  });

  test('hands every key to a shell that is opened after plain questions', async () => {
    await terminal.line('JIT_PLAIN=1 jit elevate');
    await terminal.waitFor(/Enter for 1:\s*$/);
    await terminal.line('orders-db:read');
    await terminal.waitFor(/grant g\w+[\s\S]*\] p>\s*$/);
    await terminal.line('clear; psql -Atc "select 40 + 6"; exit');
    await terminal.waitFor(/^46$[\s\S]*left orders-db:read/m);
  });

  test('writes no escape sequence in plain mode, whatever it asks', async () => {
    const typescript = path.join(user.world.dir, 'typescript');
    await terminal.line(`JIT_PLAIN=1 script -qec 'jit elevate -- true' ${typescript}; echo code=$?`);
    await terminal.waitFor(/Target\n1: [\s\S]*Enter for 1:\s*$/);
    await terminal.line('vault');
    await terminal.waitFor(/^1: vault-db:read.*\n.*Enter for 1:\s*$/m);
    await terminal.line('');
    await terminal.waitFor(/Type vault-db to go on:\s*$/);
    await terminal.line('y');
    await terminal.waitFor(/that is not "vault-db"/);
    await terminal.line('vault-db');
    await terminal.waitFor(/code=0/);
    const written = readFileSync(typescript, 'utf8');
    expect(written).toContain('vault-db:read');
    expect(written).not.toContain('\u001b');
  });
});
