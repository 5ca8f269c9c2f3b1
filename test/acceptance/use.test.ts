// "jit use" and "jit drop" as people type them: the installed hook, the real broker, a real PostgreSQL, in bash, zsh and fish.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresServer } from '../support/postgres.ts';
import { type ShellKind, shellKinds, startFileOf } from '../support/shell-kinds.ts';
import { noShells, patience, serveShellUser } from '../support/shell-user.ts';
import { missing, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';
import { finish } from '../support/world.ts';

const hostile = `a b'"$(touch hit)\`touch hit\`\\n;!%*`;
/** As it looks where everything else that is not a letter could be something of the terminal's. */
const hostileHex = Buffer.from(hostile).toString('hex');

const program = `#!/usr/bin/env node
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const answers = {
  issue: { expires_at: null, env: { HOSTILE: ${JSON.stringify(hostile)}, KEPT: 'new' } },
  revoke: { status: 'gone' },
  confirm: { status: 'gone' },
};
console.log(JSON.stringify({ version: 1, ...answers[asked.action] }));
`;

function config(server: PostgresServer): string {
  const database = (name: string, onEnd: string): string => `
  ${name}:
    provider: postgres
    host: ${server.host}
    port: ${server.port}
    database: orders
    user: jit_broker
    password: $SECRET
    on_end: ${onEnd}
    roles:
      read: { groups: [app_ro] }
      write: { groups: [app_rw] }`;
  const line = JSON.stringify([process.execPath, '$PROGRAM']);
  return `
version: 1
targets:${database('prod-db', 'lock')}${database('strict-db', 'close')}
  box:
    provider: command
    issue: ${line}
    revoke: ${line}
    confirm: ${line}
    ends_by_itself: false
    roles: { use: {} }
entitlements:
  - { name: everything, who: [$ME], roles: ["*:*"], max_duration: 2h }
`;
}

const user = serveShellUser(config);
let open: Terminal | null = null;
beforeAll(async () => {
  const { world } = user;
  const file = path.join(world.dir, 'box.cjs');
  writeFileSync(file, program);
  world.writeConfig(config(user.server).replaceAll('$PROGRAM', file));
});
afterEach(async () => {
  await open?.close();
  open = null;
  // The next shell would show what is left.
  await noGrants();
});

const noGrants = () => until(async () => expect(await activeGrants()).toEqual([]));

async function activeGrants(): Promise<{ id: string; role: string }[]> {
  const { stdout } = await user.world.jit('status', '--json');
  return (JSON.parse(stdout) as { grants: { id: string; role: string; state: string }[] }).grants.filter(
    ({ state }) => state === 'active',
  );
}

const setHost = ({ name }: ShellKind): string =>
  name === 'fish' ? 'set -gx PGHOST my-own-host' : 'export PGHOST=my-own-host';
const prompt = /^\[prod-db:read [0-9hms]+\] p> $/m;

for (const shell of shellKinds) {
  const absent = noShells ?? missing(shell.name);
  describe.skipIf(absent)(
    `in ${shell.name}${absent ? ` (skipped: ${absent})` : ''}`,
    { timeout: 90_000 },
    () => {
      /** A new shell of the user's, who has installed the hook. */
      async function start(): Promise<Terminal> {
        const installed = await user.world.jit('shell-init', shell.name);
        expect(installed, installed.stderr).toMatchObject({ code: 0 });
        open = await user.open(shell);
        return open;
      }

      test('use, query, switch and drop; the old value is back, and the shell was never left', async () => {
        const terminal = await start();
        await terminal.line(`${setHost(shell)}; set before ${shell.pid}`);
        await terminal.line('clear; jit use prod-db:read --for 20m');
        await terminal.waitFor(/"jit drop" ends it/, patience);
        await terminal.waitFor(prompt, patience);
        await terminal.line(`clear; psql -Atc "select 'rows', count(*) > 99 from orders"`);
        await terminal.waitFor(/^rows\|t$/m, patience);
        const [first] = await activeGrants();
        expect(first).toMatchObject({ role: 'read' });

        await terminal.line('clear; jit use prod-db:write --for 20m');
        await terminal.waitFor(/left prod-db:read .*access revoked/, patience);
        await terminal.waitFor(/^\[prod-db:write [0-9hms]+\] p> $/m, patience);
        await terminal.line(
          `clear; psql -Atc "insert into orders values (10${shell.name.length}${shell.name.charCodeAt(0)}, 'x')"`,
        );
        await terminal.waitFor(/^INSERT 0 1$/m, patience);
        expect(await activeGrants()).toMatchObject([{ role: 'write' }]);

        await terminal.line('clear; jit drop');
        await terminal.waitFor(/left prod-db:write .*access revoked/, patience);
        await terminal.waitFor(/^p> $/m, patience);
        expect(await terminal.screen()).not.toContain('has ended');
        expect(await activeGrants()).toEqual([]);
        await terminal.line(
          `clear; ${shell.isSet('PGHOST')}; ${shell.isSet('PGPASSFILE')}; ${shell.isSet('JIT_GRANT_ID')}`,
        );
        await terminal.waitFor(/^is=<my-own-host>\nis=<none>\nis=<none>$/m, patience);
        await terminal.line('clear; jit drop');
        await terminal.waitFor(/error: no grant is in use in this shell/, patience);
      });

      test('a shell that exec has put in its place has the grant, and ends it', async () => {
        const terminal = await start();
        await terminal.line('clear; jit use prod-db:read --for 20m');
        await terminal.waitFor(prompt, patience);
        await terminal.line(`clear; exec ${shell.name}`);
        await terminal.waitFor(prompt, patience);
        expect(await activeGrants()).toHaveLength(1);
        await terminal.line('jit drop');
        await terminal.waitFor(
          /left prod-db:read .*access revoked[\s\S]*exec has replaced .*PGSERVICE/,
          patience,
        );
        await terminal.waitFor(/^p> $/m, patience);
        await noGrants();
        await terminal.line(`clear; ${shell.isSet('PGSERVICE')}; ${shell.isSet('JIT_GRANT_ID')}`);
        await terminal.waitFor(/^is=<none>\nis=<none>$/m, patience);
        await terminal.line('clear; jit drop');
        await terminal.waitFor(/error: no grant is in use in this shell/, patience);
      });

      test('leaving the shell revokes', async () => {
        const terminal = await start();
        await terminal.line('clear; jit use prod-db:read --for 20m');
        await terminal.waitFor(prompt, patience);
        expect(await activeGrants()).toHaveLength(1);
        await terminal.line('exit');
        await noGrants();
      });

      test('at the deadline the prompt says so, psql fails, and a drop still gives the old value back', async () => {
        const terminal = await start();
        await terminal.line(`${setHost(shell)}; clear; jit use prod-db:read --for 6s`);
        // On a busy machine it is over before the prompt is there.
        await terminal.waitFor(/^\[(prod-db:read \ds|jit ended)\] p> $/m, patience);
        await noGrants();
        await terminal.line('clear; psql -Atc "select 1" || echo failed');
        await terminal.waitFor(/^failed$/m, patience);
        await terminal.waitFor(/^\[jit ended\] p> $/m, patience);
        expect(await terminal.screen()).not.toContain('my-own-host');
        await terminal.line('clear; jit drop');
        await terminal.waitFor(/^p> $/m, patience);
        await terminal.line(`clear; ${shell.isSet('PGHOST')}`);
        await terminal.waitFor(/^is=<my-own-host>$/m, patience);
      });

      test('a hostile value arrives byte for byte, and nothing of it runs or is remembered', async () => {
        const terminal = await start();
        await terminal.line('clear; jit use box --for 20m');
        await terminal.waitFor(/^\[box:use [0-9hms]+\] p> $/m, patience);
        await terminal.line(
          `clear; node -p 'Buffer.from(process.env.HOSTILE).toString("hex")'; ls; history | grep -c 'to[u]ch'`,
        );
        await terminal.waitFor(new RegExp(`^${hostileHex}$`, 'm'), patience);
        await terminal.waitFor(/^long\.txt$/m, patience);
        await terminal.waitFor(/^0$/m, patience);
        expect(await terminal.screen()).not.toMatch(/\bhit\b/);
        await terminal.line('jit drop');
        await terminal.waitFor(/left box:use/, patience);
      });

      test('a target that wants more from its end is not for this shell, nor is any in an elevated one', async () => {
        const terminal = await start();
        await terminal.line('clear; jit use strict-db:read');
        await terminal.waitFor(
          /closes its shell, and this shell is yours\n.*jit elevate strict-db:read/,
          patience,
        );
        await terminal.line('clear; jit elevate prod-db:read');
        await terminal.waitFor(/"exit" ends it/, patience);
        await terminal.waitFor(prompt, patience);
        await terminal.line('clear; jit use prod-db:write');
        await terminal.waitFor(/was opened for a grant/, patience);
        await terminal.line('clear; jit drop');
        await terminal.waitFor(/hint: exit/, patience);
        await terminal.line('exit');
        await terminal.waitFor(/left prod-db:read/, patience);
      });

      test('Ctrl-C while it waits leaves no grant and no variable behind', async () => {
        const terminal = await start();
        await terminal.line('clear; jit use prod-db');
        await terminal.waitFor(/Role on prod-db/, patience);
        await terminal.press('C-c');
        await terminal.waitFor(/^p> $/m, patience);
        await terminal.line(`clear; ${shell.isSet('JIT_GRANT_ID')}`);
        await terminal.waitFor(/^is=<none>$/m, patience);
        expect(await activeGrants()).toEqual([]);
      });

      test('the hook is taken away again, and the rc file is as it was', async () => {
        const file = startFileOf(shell, user.world.env);
        const before = readFileSync(file, 'utf8').replace(/^\[ -r .*# jit shell-init\n/m, '');
        expect((await user.world.jit('shell-init', shell.name)).code).toBe(0);
        expect((await user.world.jit('shell-init', shell.name, '--remove')).code).toBe(0);
        expect(readFileSync(file, 'utf8')).toBe(before);
      });
    },
  );
}

test('without the function the command says what is missing, and asks for nothing', async () => {
  const ran = await finish(user.world.start(['use', 'prod-db:read']));
  expect(ran).toMatchObject({ code: 2, stdout: '' });
  expect(ran.stderr).toMatch(/jit shell-init/);
});

test('records that nobody reads give the grant back', async () => {
  const child = user.world.start(['use', 'prod-db:read', '--records', `--shell-pid=${process.pid}`]);
  child.stdout?.destroy();
  const ran = await finish(child);
  expect(ran.code, ran.stderr).toBe(125);
  expect(await activeGrants()).toEqual([]);
});
