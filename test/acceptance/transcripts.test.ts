// What every command says, word by word, when something is missing and there is no terminal to ask at: the texts of
// test/transcripts. `JIT_TRANSCRIPTS=write npm test -- test/acceptance/transcripts.test.ts` writes them anew, to be read.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registry } from '../../src/cli/registry.ts';
import { withoutDays } from '../support/days.ts';
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
    'jit elevate prod-db:read --on-end -- true',
    'jit elevate prod-db:read --on-end explode -- true',
    'jit elevate prod-db:read --on-end close -- true',
    'jit elevate prod-db:read -- no-such-command',
    'JIT_BROKER=nowhere jit elevate prod-db:read -- true',
    'JIT_ID_TOKEN=no-token jit elevate prod-db:read -- true',
    'CI=true GITHUB_ACTIONS=true JIT_AUDIENCE=x jit elevate prod-db:write --reason why -- true',
    'CI=true jit elevate prod-db:read --config missing.yaml -- true',
  ],
  use: [
    'jit use',
    'jit use prod-db:read',
    'jit use prod-db:read --records',
    'CI=true jit use prod-db:read --records --shell-pid=999999999',
    'JIT_GRANT_ID=g7f3k2 jit use prod-db:read',
    'jit use prod-db --records --shell-pid=$$',
    'jit use prod-db:write --records --shell-pid=$$',
    'jit use prod-db:read --for 9h --export url --records --shell-pid=$$',
  ],
  drop: ['jit drop', 'jit drop --records --shell-pid=$$', 'JIT_GRANT_ID=g7f3k2 jit drop'],
  'shell-init': [
    'jit shell-init tcsh',
    'jit shell-init fihs',
    'jit shell-init powershell',
    'jit shell-init bash --print --remove',
    'jit shell-init bash --remove',
    'CI=true jit shell-init zsh --no-rc --bogus',
  ],
  token: [
    'jit token',
    'jit token prod-bd',
    'jit token repos',
    'CI=true jit token repos',
    'jit token repos:read',
    'jit token repos:read --json',
    'jit token repos:read --no-input --for 10m --audience "jit example"',
    'jit token repos:read --for 30 --reason why',
    'jit token repos:read --for 9h --reason why',
    'jit token repos:both --reason why',
    'jit token prod-db:read --reason why',
    'jit token repos:read --reason why',
    'JIT_ID_TOKEN=no-token jit token repos:read --reason why',
    'CI=true jit token repos:read --config missing.yaml',
    'jit token prod-db:both',
    'jit token prod-db:write --for 5m --json',
  ],
  env: [
    'jit env',
    'jit env repos',
    'CI=true jit env prod-db:write --format dotenv',
    'jit env prod-db:read --format',
    'jit env prod-db:read --format toml',
    'jit env prod-db:read --format gitlab',
    'jit env prod-db:read --format github',
    'jit env prod-db:read --output token',
    'GITHUB_ENV=env.txt jit env repos:read --format github --output token --reason why',
    'jit env repos:read --json --format sh',
    'jit env repos:read --export token',
    'jit env prod-db:read --format gitlab --file jit.env',
    'jit env prod-db --format fish',
    'jit env prod-db:read --format github --output token',
    'jit env prod-db:read --export env',
    'jit env prod-db:read --file nowhere/access.sh',
  ],
  console: [
    'jit console',
    'jit console prod-db',
    'jit console prod-db --open --print',
    'jit console prod-db --json',
    'jit console prod-db --print',
    'jit console account --print',
    'CI=true jit console account:admin --print',
    'CI=true jit console account:admin --print --audience x --for 5m',
    'jit console account:read --print --grant gnone',
    'jit console account:read --print --grant gnone --for 5m',
  ],
  credential: [
    'jit credential',
    'jit credential aws',
    'jit credential aws --grant gnone',
    'jit credential git',
    'jit credential git get',
    'jit credential git get --grant gnone < /dev/null',
    'jit credential git bogus --grant gnone < /dev/null',
    'jit credential git store --grant gnone',
  ],
  revoke: ['jit revoke', 'jit revoke gnone', 'jit revoke gnone --all'],
  extend: ['jit extend', 'jit extend --for 5m', 'jit extend gnone --for 5m'],
  status: ['jit status --bogus', 'jit status extra'],
  watch: ['jit watch extra', 'jit watch --json', 'jit watch --config missing.yaml --json'],
  targets: ['jit targets extra', 'jit targets --config missing.yaml'],
  ci: [
    'jit ci',
    'jit ci cleanup',
    'CI=true jit ci cleanup --json',
    'jit ci cleanup --for',
    'jit ci cleanup extra',
  ],
  policy: [
    'jit policy',
    'jit policy check --config missing.yaml',
    'jit policy explain',
    'jit policy explain prod-db',
    'jit policy explain prod-bd',
    'jit policy test',
    'jit policy test missing.yaml',
  ],
  store: [
    'jit store',
    'jit store init',
    'jit store init --host h --database d --port 0',
    'jit store init --host h --database d --sslmode never',
    'jit store init --host h --database d --password hunter2',
    'jit store init --host localhost --port 1 --database jit',
  ],
  audit: [
    'jit audit',
    'jit audit log --since',
    'jit audit log --since never',
    'jit audit tail --lines 0',
    'jit audit tail --target prod-bd',
    'jit audit tail --grant gnone -f',
    'jit audit verify missing.db',
    'jit audit verify --key nonsense',
    'jit audit verify --store',
    'jit audit verify --store x.db',
    'jit audit verify --kept-since 30d',
    'jit audit verify --store --key nonsense',
    'jit audit log --store',
    'jit audit sync',
    'jit audit sync --status',
    'jit audit sync --now --status',
    'jit audit prove',
    'jit audit prove 1 --file missing.db',
    'jit audit prove 1 --store',
    'jit audit prove 1 --store --file x.db',
    'jit audit verify-proof',
    'jit audit verify-proof missing.tlog-proof --key x',
    'jit audit export --format xml',
    'jit audit export --file missing.db',
    'jit audit export --after yesterday',
    'jit audit export --after jit.7h2k9d3f5g6h8j1k:41 --cursor-file c',
    'jit audit export --store',
    'jit audit export --store --after jit.7h2k9d3f5g6h8j1k:41',
    'jit audit export --store --file x.db',
    'jit audit export --ocsf 1.9',
    'jit audit report --store --format json',
    'jit audit report --store --file x.db',
    'jit audit report --kept-since 30d',
    'jit audit report --file missing.db',
    'jit audit report --key nonsense',
    'jit audit report --head missing.head',
    'jit audit report --from never',
    'jit audit report --output report.pdf',
    'jit audit report --sample many',
    'jit audit rotate extra',
    'jit audit fork --reason',
    'jit audit fork --reason why',
  ],
  doctor: ['jit doctor prod-bd'],
  init: [
    'jit init --config new.yaml',
    'jit init a-db --config new.yaml',
    'jit init a-db --config new.yaml --host h',
    'jit init a-db --config new.yaml --host h --database d',
    'jit init aws --config new.yaml',
    'jit init aws a --config new.yaml',
    'jit init aws a --config new.yaml --region eu-west-1',
    'jit init aws a --config new.yaml --region eu-west-1 --role read',
    'CI=true jit init aws a --config new.yaml --region eu-west-1 --role read=arn:aws:iam::123456789012:role/read',
  ],
  secret: [
    'jit secret',
    'jit secret check',
    'jit secret remove',
    'jit secret set',
    'jit secret set keychain:jit/x < /dev/null',
    'jit secret set keychain:jit/x --aws < /dev/null',
    'jit secret set keychain:jit < /dev/null',
    'jit secret set file:/tmp/x < /dev/null',
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
  completion: ['jit completion', 'jit completion tcsh', 'CI=true jit completion bash --bogus'],
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
  repos:
    provider: github
    app_id: 4711
    private_key: env:NOBODY_SETS_THIS
    owner: acme
    base_url: http://127.0.0.1:9
    git_url: https://github.com
    roles:
      read: { repositories: [web], permissions: { contents: read } }
      both: { repositories: [web], permissions: { contents: write }, scopes: { half: { permissions: { contents: read } } } }
  account:
    provider: aws
    region: eu-west-1
    credentials: env:NOBODY_SETS_THIS
    roles:
      read: { role_arn: "arn:aws:iam::123456789012:role/read" }
      admin: { role_arn: "arn:aws:iam::123456789012:role/admin" }
entitlements:
  - { name: repos, who: [$ME], roles: ["repos:read"], max_duration: 1h, reason: { required: true } }
  - { name: half-repos, who: [$ME], roles: ["repos:both"], scopes: [half], max_duration: 1h }
  - { name: account, who: [$ME], roles: ["account:*"], max_duration: 1h, reason: { required: true } }
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
      timeout: 40_000,
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
  return withoutDays(text)
    .replaceAll(typist.world.dir, '/home/ada')
    .replaceAll(me, 'user:ada')
    .replace(/\bg[0-9a-hjkmnp-tv-z]{11}\b/g, 'g<id>')
    .replace(/\bjit_l[0-9a-hjkmnp-tv-z]{15}\b/g, 'jit_l<id>')
    .replace(/\b\d{2}:\d{2}\b/g, '<time>');
}

async function play(name: string, lines: readonly string[]): Promise<void> {
  const file = path.join(folder, `${name}.txt`);
  const parts: string[] = [];
  for (const line of lines) parts.push(await typed(line));
  const transcript = parts.join('\n');
  if (isWriting) writeFileSync(file, transcript);
  expect(transcript).not.toContain('it had to be killed');
  expect(transcript).not.toContain('\u001b');
  expect(transcript).toBe(readFileSync(file, 'utf8'));
}

/** Takes back what jobs hold: beside the others it would meet theirs. */
const alone = 'ci';

test(`jit ${alone} says what is missing`, () => play(alone, scenes[alone] ?? []));

const together = Object.entries(scenes).filter(([name]) => name !== alone);
// Some type fifty lines, one after another.
test.concurrent.each(together)('jit %s says what is missing', play, 300_000);

test('every command has its transcript', () => {
  const groups = new Set(registry.map((command) => command.name.split(' ')[0]));
  expect([...groups].filter((name) => name !== undefined && !(name in scenes))).toEqual([]);
});
