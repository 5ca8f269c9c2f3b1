// docs/sessions.md: the five main flows as a terminal shows them, played anew with a real broker and a real PostgreSQL and
// compared word by word. `JIT_TRANSCRIPTS=write npm test -- test/acceptance/sessions.test.ts` writes them, to be read.

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PostgresServer } from '../support/postgres.ts';
import { type Flow, record } from '../support/recording.ts';
import { noShells, type ShellUser, serveShellUser } from '../support/shell-user.ts';
import { until } from '../support/until.ts';

const page = path.join(import.meta.dirname, '../../docs/sessions.md');
const isWriting = process.env['JIT_TRANSCRIPTS'] === 'write';

function config(server: PostgresServer): string {
  return `
version: 1
targets:
  prod-db:
    provider: postgres
    host: ${server.host}
    port: ${server.port}
    database: orders
    user: jit_broker
    password: $SECRET
    roles:
      read: { groups: [app_ro] }
      write: { groups: [app_rw] }
entitlements:
  - { name: developers-read, who: [$ME], roles: ["prod-db:read"], max_duration: 1h }
  - { name: writing-needs-a-reason, who: [$ME], roles: ["prod-db:write"], max_duration: 30m, reason: { required: true } }
`;
}

async function onlyGrant({ world }: ShellUser): Promise<{ id: string; deadline: string }> {
  const { stdout } = await world.jit('status', '--json');
  const [grant] = (JSON.parse(stdout) as { grants: { id: string; deadline: string }[] }).grants;
  if (!grant) throw new Error('no grant is active');
  return grant;
}

const elevated = /\] p>$/;
const left = /\np>$/;

const flows: readonly Flow[] = [
  {
    title: 'Get access, work, leave',
    text: 'The prompt counts down. What the role does not allow is refused by the server itself; `exit` gives everything back.',
    steps: [
      {
        type: 'jit elevate prod-db:read --for 30m --reason "invoice 4711 is counted twice"',
        until: elevated,
      },
      { type: `psql -c "SELECT count(*) FROM orders"`, until: elevated },
      { type: `psql -c "DELETE FROM orders"`, until: elevated },
      { type: 'exit', until: left },
    ],
  },
  {
    title: 'A warning, and more time',
    text: [
      'Warnings come five minutes and one minute before the end. This grant lasts 20 seconds, so they are shortened with it.',
      '`jit extend` makes it longer where it is: same shell, same environment, same login. It works from any other terminal, too.',
    ].join('\n'),
    steps: [
      { type: 'jit elevate prod-db:read --for 20s', until: elevated },
      {
        type: 'psql -Atc "SELECT count(*) FROM orders"',
        before: async ({ user }) => {
          const { deadline } = await onlyGrant(user);
          await until(() => expect(Date.parse(deadline) - Date.now()).toBeLessThan(9_500));
        },
        until: /ends in[\s\S]*\] p>$/,
      },
      { type: 'jit extend --for 30m', until: elevated },
      { type: 'psql -Atc "SELECT count(*) FROM orders"', until: elevated },
      { type: 'exit', until: left },
    ],
  },
  {
    title: 'The end of a grant in a living shell',
    text: [
      'Here somebody ends the grant from another terminal, with `jit revoke gw2nz8xvap08`, while the prompt waits; at the deadline',
      'the same happens. The shell stays (`on_end: lock`). What led to the database still leads there, so that `psql` fails instead',
      'of finding another login, or asking for a password that nobody has.',
    ].join('\n'),
    steps: [
      {
        type: 'jit elevate prod-db:write --for 30m --reason "order 17 has the wrong address"',
        until: elevated,
      },
      { type: `psql -c "UPDATE orders SET item = 'item 17' WHERE id = 17"`, until: elevated },
      {
        type: 'psql -c "SELECT 1"',
        before: async ({ user }) => user.revoke((await onlyGrant(user)).id),
        until: elevated,
      },
      { type: 'exit', until: left },
    ],
  },
  {
    title: 'One command, as in a pipeline',
    text: [
      'With `CI=true` nothing is ever asked. The first line lacks a reason, the second is denied because of its length, and each',
      'hint is the command that would do. `jit help exit-codes` has all exit codes.',
    ].join('\n'),
    env: { CI: 'true' },
    prepare: async ({ world }) => {
      const script = path.join(world.dir, 'bin', 'cleanup');
      const sql = `UPDATE orders SET item = 'archived' WHERE id > 90`;
      writeFileSync(script, `#!/bin/sh\nexec psql -c "${sql}"\n`);
      chmodSync(script, 0o755);
    },
    steps: [
      { type: 'jit elevate prod-db:write --for 8h -- cleanup; echo "exit code $?"', until: left },
      {
        type: 'jit elevate prod-db:write --for 8h --reason "nightly cleanup" -- cleanup; echo "exit code $?"',
        until: left,
      },
      {
        type: 'jit elevate prod-db:write --for 30m --reason "nightly cleanup" -- cleanup; echo "exit code $?"',
        until: left,
      },
    ],
  },
  {
    title: 'Access in the shell you are in',
    text: 'After `jit shell-init`, once, `jit use` and `jit drop` work without a shell inside the shell; history, folder and jobs stay.',
    prepare: async ({ world }) => {
      const { code, stderr } = await world.jit('shell-init', 'bash');
      if (code !== 0) throw new Error(stderr);
    },
    steps: [
      { type: 'jit use prod-db:read --for 30m', until: elevated },
      { type: 'psql -Atc "SELECT count(*) FROM orders"', until: elevated },
      { type: 'jit drop', until: left },
      { type: `echo "PGUSER is \${PGUSER-not set}"`, until: left },
    ],
  },
];

const head = `# Sessions, as a terminal shows them

Recorded by \`test/acceptance/sessions.test.ts\` with a real broker and a real PostgreSQL, in bash. Every \`npm test\` plays them
again and compares; only ids, names, times and paths have been made the same. In zsh and fish they look alike, except that
what happens at the prompt is shown at once, and not with the next Enter.
`;

describe.skipIf(noShells)(`docs/sessions.md${noShells ? ` (skipped: ${noShells})` : ''}`, () => {
  const users = serveShellUser(config);

  test('shows what happens', { timeout: 180_000 }, async ({ onTestFinished }) => {
    const sections = await Promise.all(
      flows.map(async (flow) => {
        const screen = await record(users.fresh(onTestFinished), flow, onTestFinished);
        return `\n## ${flow.title}\n\n${flow.text}\n\n\`\`\`console\n${screen}\n\`\`\`\n`;
      }),
    );
    const text = [head, ...sections].join('');
    if (isWriting) writeFileSync(page, text);
    expect(text).toBe(readFileSync(page, 'utf8'));
  });
});
