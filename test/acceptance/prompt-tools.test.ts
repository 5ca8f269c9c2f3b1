// The snippets of docs/prompt.md, word by word, in the shells and the tmux that they are for.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'vitest';
import type { PostgresServer } from '../support/postgres.ts';
import { shellKinds, startFileOf } from '../support/shell-kinds.ts';
import { noShells, patience, serveShellUser } from '../support/shell-user.ts';
import { missing, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/prompt.md'), 'utf8');

/** The first block of the page in that language. */
function snippet(language: string): string {
  const text = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1];
  if (text === undefined) throw new Error(`docs/prompt.md has no block of ${language}`);
  return text;
}

function config(server: PostgresServer): string {
  return `
version: 1
shell: { tmux: true }
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
entitlements:
  - { name: read, who: [$ME], roles: ["prod-db:read"], max_duration: 1h }
`;
}

describe.skipIf(noShells)(`the page on prompts${noShells ? ` (skipped: ${noShells})` : ''}`, () => {
  const users = serveShellUser(config);

  for (const shell of shellKinds) {
    const absent = missing(shell.name);
    const why = absent ? ` (skipped: ${absent})` : '';
    test.concurrent(`a prompt of one's own in ${shell.name} shows the grant where it wants to, and its end${why}`, {
      timeout: 90_000,
      skip: absent !== null,
    }, async ({ onTestFinished }) => {
      const user = users.fresh(onTestFinished);
      const terminal = await user.open(shell);
      onTestFinished(() => terminal.close());
      appendFileSync(startFileOf(shell, user.world.env), `\n${snippet(shell.name)}`);
      await terminal.line('clear; jit elevate prod-db:read --for 30m');
      const [, grant = ''] = await terminal.waitFor(/, grant (g\w+)$/m, patience);
      await terminal.waitFor(/^\S+ \(prod-db:read 30m\) \S $/m, patience);
      await user.revoke(grant);
      await terminal.line('clear');
      await terminal.waitFor(/^\S+ \(jit ended\) \S $/m, patience);
      await terminal.line('exit');
      await terminal.waitFor(/^p> $/m, patience);
    });
  }

  test.concurrent('the status line of tmux counts down, and is empty after the end', {
    timeout: 90_000,
  }, async ({ expect, onTestFinished }) => {
    const user = users.fresh(onTestFinished);
    const [shell] = shellKinds;
    if (!shell) throw new Error('no shell');
    const terminal: Terminal = await user.open(shell);
    onTestFinished(() => terminal.close());
    const file = path.join(user.world.dir, 'tmux.conf');
    writeFileSync(file, snippet('tmux'));
    await terminal.line(`clear; tmux source-file ${file}`);
    const status = async () => (await terminal.ask('#{E:status-right}')).replace(/#\[[^\]]*\]/g, '');
    await until(async () => expect(await status()).toMatch(/^\d\d:\d\d$/));
    const { grant } = await user.elevate(terminal, shell, 'prod-db:read --for 30m');
    await until(async () => expect(await status()).toMatch(/^prod-db:read 30m \d\d:\d\d$/));
    expect((await user.world.jit('extend', grant, '--for', '50m')).code).toBe(0);
    await until(async () => expect(await status()).toMatch(/^prod-db:read 50m \d\d:\d\d$/));
    await user.revoke(grant);
    await until(async () => expect(await status()).toMatch(/^\d\d:\d\d$/));
  });
});
