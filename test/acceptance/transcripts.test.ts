// What every command says, word by word, when something is missing and there is no terminal to ask at: the texts of
// test/transcripts. `JIT_TRANSCRIPTS=write npm test -- test/acceptance/transcripts.test.ts` writes them anew, to be read.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registry } from '../../src/cli/registry.ts';
import { createTypist, type Typist } from '../support/examples.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { me, prepareServer } from '../support/world.ts';

const folder = path.join(import.meta.dirname, '..', 'transcripts');
const isWriting = process.env.JIT_TRANSCRIPTS === 'write';

/** Of each command: lines as they are typed. `CI=true` in front makes it a step of a pipeline. */
const scenes: Readonly<Record<string, readonly string[]>> = {
  elevate: [
    'jit elevate',
    'jit elevate prod-db -- true',
    'jit elevate prod-db --no-input -- true',
    'CI=true jit elevate prod-db -- true',
    'jit elevate prod-db:both -- true',
    'jit elevate prod-db:write -- true',
    'jit elevate prod-db:write --json -- true',
    'CI=true jit elevate prod-db:write -- true',
    'jit elevate prod-db:read',
    'jit elevate prod-db:read --json',
    'jit elevate prod-db:read --for -- true',
    'jit elevate prod-db:read --for 30 -- true',
    'jit elevate prod-db:read --for 9h -- true',
    'jit elevate prod-bd:read -- true',
    'jit elevate prod-db:read --audience -- true',
    'jit elevate prod-db:read -- no-such-command',
    'JIT_BROKER=nowhere jit elevate prod-db:read -- true',
    'JIT_ID_TOKEN=no-token jit elevate prod-db:read -- true',
    'CI=true GITHUB_ACTIONS=true JIT_AUDIENCE=x jit elevate prod-db:write --reason why -- true',
    'CI=true jit elevate prod-db:read --config missing.yaml -- true',
  ],
  console: ['jit console', 'jit console prod-db'],
  credential: [
    'jit credential',
    'jit credential aws',
    'jit credential git',
    'jit credential git get',
    'jit credential git get --grant gnone < /dev/null',
    'jit credential git store --grant gnone',
  ],
  token: [
    'jit token',
    'jit token prod-db',
    'jit token prod-db:both',
    'jit token prod-db:write --for 5m --json',
    'jit token prod-db:read --for 10m',
  ],
  env: [
    'jit env',
    'jit env prod-db --format fish',
    'jit env prod-db:write --format json --for 5m',
    'jit env prod-db:read --format csh',
    'jit env prod-db:read --format github',
    'jit env prod-db:read --format github --output token',
    'jit env prod-db:read --format gitlab',
    'jit env prod-db:read --output token',
    'jit env prod-db:read --export env',
    'jit env prod-db:read --file nowhere/access.sh',
  ],
  revoke: ['jit revoke', 'jit revoke gnone', 'jit revoke gnone --all'],
  extend: ['jit extend', 'jit extend --for 5m', 'jit extend gnone --for 5m'],
  status: ['jit status --bogus', 'jit status extra'],
  targets: ['jit targets extra', 'jit targets --config missing.yaml'],
  ci: ['jit ci', 'jit ci cleanup', 'jit ci cleanup --for', 'jit ci cleanup extra'],
  policy: [
    'jit policy',
    'jit policy check --config missing.yaml',
    'jit policy explain',
    'jit policy explain prod-db',
    'jit policy explain prod-bd',
    'jit policy test',
    'jit policy test missing.yaml',
  ],
  audit: ['jit audit', 'jit audit log --since', 'jit audit log --since never', 'jit audit verify missing.db'],
  doctor: ['jit doctor prod-bd'],
  init: [
    'jit init --config new.yaml',
    'jit init a-db --config new.yaml',
    'jit init a-db --config new.yaml --host h',
    'jit init a-db --config new.yaml --host h --database d',
    'jit init aws --config new.yaml',
    'jit init aws a --config new.yaml',
    'jit init aws a --config new.yaml --region eu-west-1',
  ],
  secret: [
    'jit secret',
    'jit secret check',
    'jit secret remove',
    'jit secret set',
    'jit secret set keychain:jit/x < /dev/null',
    'jit secret check env:NOBODY_SETS_THIS',
  ],
  demo: ['jit demo --shell'],
  broker: [
    'jit broker',
    'jit broker start extra',
    'jit broker stop --for',
    'jit broker run --bogus',
    'jit broker status extra',
  ],
  help: ['jit help nothing', 'jit nothing', 'jit --bogus'],
};

let server: PostgresServer;
let typist: Typist;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  await prepareServer(server);
  typist = createTypist(server);
  typist.world.writeConfig(`
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
      both: { groups: [app_ro, app_rw], scopes: { half: { groups: [app_ro] } } }
entitlements:
  - { name: read, who: [$ME], roles: ["prod-db:read"], max_duration: 1h }
  - { name: write, who: [$ME], roles: ["prod-db:write"], max_duration: 1h, reason: { required: true } }
  - { name: half, who: [$ME], roles: ["prod-db:both"], scopes: [half], max_duration: 1h }
`);
  // Whether one runs makes a difference to some.
  expect((await typist.sh('jit broker start')).code).toBe(0);
});
afterAll(async () => {
  await typist.world.remove();
  await server.stop();
});

/** One line typed, and what came of it. Standard input stays open and silent: whoever waits for it is killed. */
function typed(line: string): Promise<string> {
  return new Promise((resolve) => {
    const options = {
      env: typist.env,
      cwd: typist.world.dir,
      timeout: 10_000,
      killSignal: 'SIGKILL',
    } as const;
    const child = execFile('bash', ['-c', line], options, (_error, stdout, stderr) => {
      child.stdin?.destroy();
      const parts = [`$ ${line}\n`];
      if (stdout !== '') parts.push(`--- stdout\n${stdout}`);
      if (stderr !== '') parts.push(`--- stderr\n${stderr}`);
      parts.push(child.exitCode === null ? '--- it had to be killed\n' : `--- exit code ${child.exitCode}\n`);
      resolve(mask(parts.join('')));
    });
  });
}

/** What differs from run to run. */
function mask(text: string): string {
  return text
    .replaceAll(typist.world.dir, '/home/ada')
    .replaceAll(me, 'user:ada')
    .replace(/\bg[0-9a-hjkmnp-tv-z]{11}\b/g, 'g<id>')
    .replace(/\bjit_l[0-9a-hjkmnp-tv-z]{15}\b/g, 'jit_l<id>')
    .replace(/\b\d{2}:\d{2}\b/g, '<time>');
}

test.concurrent.each(Object.entries(scenes))('jit %s says what is missing', async (name, lines) => {
  const file = path.join(folder, `${name}.txt`);
  const parts: string[] = [];
  for (const line of lines) parts.push(await typed(line));
  const transcript = parts.join('\n');
  if (isWriting) writeFileSync(file, transcript);
  expect(transcript).not.toContain('it had to be killed');
  expect(transcript).not.toContain('\u001b');
  expect(transcript).toBe(readFileSync(file, 'utf8'));
});

test('every command has its transcript', () => {
  const groups = new Set(registry.map((command) => command.name.split(' ')[0]));
  expect([...groups].filter((name) => name !== undefined && !(name in scenes))).toEqual([]);
});
