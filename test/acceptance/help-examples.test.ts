// Every example that `--help` shows is typed as it stands there, on a real PostgreSQL; only ids of grants and the
// folder of a backup are put in place of those that the example made up.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registry } from '../../src/cli/registry.ts';
import { createTypist, examples, type Typist } from '../support/examples.ts';
import { noKeyring, startKeyring } from '../support/keyring.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { missing, openTerminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';
import { finish, prepareServer, type Ran } from '../support/world.ts';

let server: PostgresServer;
let typist: Typist;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  await prepareServer(server);
  typist = createTypist(server);
});
afterAll(async () => {
  await typist.world.remove();
  await server.stop();
});

/** Runs the line and answers what it printed, once it has ended well. */
async function works(line: string): Promise<string> {
  const ran: Ran = await typist.sh(line);
  expect(ran.stderr).not.toMatch(/jit: (error|warning)/);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

/** The line with a real grant in place of the one that it made up, cut to as many letters. */
async function withGrant(line: string): Promise<string> {
  const id = await typist.keptGrant();
  return line.replace(/\bg7f3(k2)?\b/, (made) => (made.length > 4 ? id : id.slice(0, 6)));
}

async function onTerminal(
  line: string,
  env: Record<string, string>,
  answers: [RegExp, string][],
): Promise<void> {
  const command = ['bash', '--norc', '--noprofile'];
  const terminal = await openTerminal({ command, env: { ...typist.env, ...env }, cwd: typist.world.dir });
  try {
    await terminal.line(line);
    for (const [question, answer] of answers) {
      await terminal.waitFor(question);
      if (answer !== '') await terminal.type(answer);
      await terminal.press('Enter');
    }
    await terminal.line('echo "code=$?"');
    await terminal.waitFor(/^code=0$/m);
  } finally {
    await terminal.close();
  }
}

/** In a bash that has the function of jit; a query, and the grant is dropped. */
async function inUsersShell(line: string, prompt: RegExp): Promise<void> {
  await onTerminal(`. <(jit shell-init bash --print); ${line}`, {}, [
    [prompt, 'psql -Atc "select 40 + 2"'],
    [/^42$/m, 'jit drop'],
    [/left prod-db:.*access revoked/, ''],
  ]);
}

/** A few letters find the target; Enter counts once it is shown. */
async function findsTarget(line: string): Promise<void> {
  const command = ['bash', '--norc', '--noprofile'];
  const terminal = await openTerminal({ command, env: typist.env, cwd: typist.world.dir });
  try {
    await terminal.line(line);
    await terminal.waitFor(/Target/);
    await terminal.type('pdr');
    await terminal.waitFor(/Target pdr\n\S+ prod-db:read/);
    await terminal.press('Enter');
    await terminal.waitFor(/jit: prod-db:read until/);
    await terminal.line('exit');
    await terminal.waitFor(/left prod-db:read .*access revoked/);
  } finally {
    await terminal.close();
  }
}

/** A first configuration in a folder of its own, and what an administrator is given. */
async function writesConfig(line: string, folder: string, file: string, holds: RegExp): Promise<void> {
  const config = path.join(typist.world.dir, folder, 'jit.yaml');
  const ran = await finish(typist.start(`JIT_CONFIG=${config}; export JIT_CONFIG; ${line}`));
  expect(ran.code, ran.stderr).toBe(0);
  expect(readFileSync(path.join(typist.world.dir, file), 'utf8')).toMatch(holds);
  expect(await works(`jit policy check --config ${config}`)).toContain('1 target');
}

const secretKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const accessKey = JSON.stringify({ AccessKeyId: 'AKIAIOSFODNN7EXAMPLE', SecretAccessKey: secretKey });

/** Runs a line beside a keychain; all that it says is on stderr. */
async function withKeyring(
  run: (sh: (line: string) => Promise<Ran>) => Promise<Ran>,
  says: RegExp,
): Promise<void> {
  const keyring = await startKeyring();
  try {
    const variable = `DBUS_SESSION_BUS_ADDRESS='${keyring.env.DBUS_SESSION_BUS_ADDRESS}'`;
    const { code, stdout, stderr } = await run((line) => typist.sh(`export ${variable}; ${line}`));
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(says);
    expect(stderr).not.toContain(secretKey);
  } finally {
    await keyring.close();
  }
}

/** Examples that need something around them, or of which more is to be seen than that they end well. */
const special: Readonly<Record<string, (line: string) => Promise<void>>> = {
  'jit elevate': findsTarget,
  'jit elevate prod-db --for 30m': (line) =>
    onTerminal(line, {}, [
      [/Role on prod-db/, ''],
      [/jit: prod-db:read until .* \(30m\)/, 'psql -Atc "select 40 + 2, current_user"'],
      [/^42\|jit_l/m, 'exit'],
      [/left prod-db:read .*access revoked/, ''],
    ]),
  'jit elevate prod-db:read --reason INC-4711 -- psql -c "select 1"': async (line) =>
    expect(await works(line)).toMatch(/^\s*1\n\(1 row\)/m),
  'jit elevate prod-db:read --on-end close': (line) =>
    onTerminal(line, {}, [
      [/at its end this shell is closed[\s\S]*\[prod-db:read 30m\]/, 'jit revoke "$JIT_GRANT_ID"'],
      [/prod-db:read ended .*the shell was closed/, 'test $? = 124'],
    ]),
  'jit use prod-db:read --for 30m': (line) => inUsersShell(line, /^\[prod-db:read/m),
  'jit use prod-db:write --reason INC-4711': (line) => inUsersShell(line, /^\[prod-db:write/m),
  'jit drop': () => inUsersShell('jit use prod-db:read', /^\[prod-db:read/m),
  'jit shell-init': (line) => onTerminal(line, {}, [[/bashrc loads it/, '. ~/.bashrc && jit drop; true']]),
  'jit elevate prod-db:read --for 1h --keep --json': async (line) =>
    expect(JSON.parse(await works(line))).toMatchObject({ grant: { keep: true, state: 'active' } }),
  'jit revoke g7f3': async (line) => expect(await works(await withGrant(line))).toMatch(/^revoked g/),
  'jit extend --for 30m': async (line) =>
    expect(await works(`jit elevate prod-db:read --for 5m -- ${line}`)).toMatch(
      /^extended .*\((30m|29m59s)\)/,
    ),
  'jit extend g7f3 --for 1h --reason "restore still runs"': async (line) =>
    expect(await works(await withGrant(line))).toMatch(/^extended g/),
  'jit audit log --grant g7f3k2 --json': async (line) =>
    expect(JSON.parse(await works(await withGrant(line))).events.length).toBeGreaterThan(3),
  'jit audit verify /backup/jit.db --json': async (line) =>
    expect(JSON.parse(await works(line.replace('/backup', typist.backup())))).toMatchObject({ valid: true }),
  'jit policy explain prod-db:write --for 2h': async (line) =>
    expect(await works(line)).toMatch(/^denied.*\n/),
  'jit policy test policy-test.yaml': async (line) =>
    expect(await works(line)).toContain('2 of 2 as expected'),
  'jit doctor prod-db --remedy | psql -U postgres': async (line) => {
    await server.sql('REVOKE jit_quarantine FROM jit_broker');
    expect((await typist.sh('jit doctor prod-db')).code).toBe(1);
    await works(line);
    expect(await works('jit doctor prod-db')).not.toMatch(/failed/);
  },
  'jit init': async (line) => {
    const config = path.join(typist.world.dir, 'asked', 'jit.yaml');
    await onTerminal(line, { JIT_CONFIG: config }, [
      [/Name of the target/, ''],
      [/Host of/, ''],
      [/Port/, ''],
      [/Database/, 'orders'],
      [/Roles/, 'read=app_ro'],
      [/Longest grant/, ''],
      [/jit elevate prod-db --for 30m/, ''],
    ]);
    expect(await works(`jit policy check --config ${config}`)).toContain('1 target');
  },
  'jit init prod-db --host db.example.com --database orders --role read=orders_read > setup.sql': (line) =>
    writesConfig(line, 'flags', 'setup.sql', /CREATE ROLE/),
  'jit init postgres prod-db --host db.example.com --database orders --role read=orders_read > setup.sql': (
    line,
  ) => writesConfig(line, 'named', 'setup.sql', /CREATE ROLE/),
  'jit init aws': async (line) => {
    const config = path.join(typist.world.dir, 'asked-aws', 'jit.yaml');
    await onTerminal(line, { JIT_CONFIG: config }, [
      [/Name of the target/, ''],
      [/Region/, 'eu-west-1'],
      [/Roles/, 'deploy=arn:aws:iam::123456789012:role/jit-deploy'],
      [/How does the broker/, ''],
      [/ARN of the broker/, ''],
      [/Longest grant/, ''],
      [/--user-name jit-broker/, ''],
    ]);
    expect(await works(`jit policy check --config ${config}`)).toContain('1 target');
  },
  'jit init aws aws-prod --region eu-west-1 --role deploy=arn:aws:iam::123456789012:role/jit-deploy --credentials keychain:jit/aws-prod --broker-arn arn:aws:iam::123456789012:user/jit-broker --print terraform > jit.tf':
    (line) => writesConfig(line, 'aws', 'jit.tf', /^resource "aws_iam_role"/m),
  'jit secret set keychain:jit/prod-db < password.txt': async (line) => {
    await typist.sh('echo hunter2 > password.txt');
    await withKeyring((sh) => sh(line), /stored keychain:jit\/prod-db/);
  },
  'jit secret set keychain:jit/aws-prod --aws': (line) =>
    withKeyring((sh) => sh(`printf '%s' '${accessKey}' | ${line}`), /ending in MPLE/),
  'jit secret set keychain:jit/aws-prod --aws --profile prod < ~/.aws/credentials': async (line) => {
    const rows = '[prod]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=';
    await typist.sh(`mkdir -p ~/.aws; printf '${rows}${secretKey}' > ~/.aws/credentials`);
    await withKeyring((sh) => sh(line), /ending in MPLE/);
  },
  'jit secret check keychain:jit/aws-prod': (line) =>
    withKeyring(
      (sh) => sh(`printf x | jit secret set keychain:jit/aws-prod 2>/dev/null; ${line} >&2`),
      /can be read/,
    ),
  'jit secret remove keychain:jit/aws-prod': (line) =>
    withKeyring((sh) => sh(`printf x | jit secret set keychain:jit/aws-prod; ${line}`), /removed/),
  // What needs AWS is typed in aws-hand-out.test.ts; here a trial on what there is will do.
  'jit elevate aws-prod:deploy --for 5m --dry-run': async (line) =>
    expect(await works(line.replace('aws-prod:deploy', 'prod-db:read'))).toContain('prod-db:read'),
  'jit console aws-prod:read --for 30m': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit console'),
  'jit console aws-prod --print | wl-copy': async (line) =>
    expect(await works(line.replace('| wl-copy', '--help'))).toContain('jit console'),
  // Tokens are of GitHub: typed in github-clients.test.ts, and understood here.
  'jit token deploy-repos:read --for 10m --reason "nightly report" > token': async (line) =>
    expect(await works(line.replace('> token', '--help'))).toContain('jit token'),
  'jit token deploy-repos:read --for 10m --json': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit token'),
  'jit env prod-db:read --for 10m --format sh > access.sh': async (line) => {
    await works(line);
    expect(await works('. ./access.sh; test -r "$PGPASSFILE" && echo "$PGDATABASE"')).toBe('orders\n');
  },
  'jit env deploy-repos:read --export env --format github --reason "nightly report"': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit env'),
  'jit completion bash > ~/.local/share/bash-completion/completions/jit': writesScript,
  'jit completion bash > ~/.jit-completion.bash': writesScript,
  'jit completion zsh > ~/.zfunc/_jit': writesScript,
  'jit completion fish > ~/.config/fish/completions/jit.fish': writesScript,
  'jit credential git get --grant g7f3k2 < question': async (line) => {
    await typist.sh('printf "protocol=https\nhost=github.com\n\n" > question');
    const ran = await typist.sh(await withGrant(line));
    // A grant of PostgreSQL has nothing for git.
    expect(ran).toMatchObject({ code: 1, stdout: 'quit=1\n' });
  },
  'jit credential aws --grant g7f3k2': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit credential aws'),
  'jit credential aws --print': async (line) =>
    expect(await works(`${line} --help`)).toContain('jit credential aws'),
  // The demonstration has tests of its own; here it is enough that the line is understood.
  'jit demo': async (line) => expect(await works(`${line} --help`)).toContain(line),
  'jit demo --shell': async (line) => expect(await works(`${line} --help`)).toContain(line),
  'jit broker status': async (line) => {
    await works('jit broker start');
    expect(await works(line)).toContain('jit.yaml');
  },
  'jit broker run': async (line) => {
    await works('jit broker stop');
    const running = typist.start(`exec ${line}`);
    const ended = finish(running);
    await until(async () => expect(await works('jit broker status')).toContain(String(running.pid)), 10_000);
    await works('jit broker stop');
    expect((await ended).code).toBe(0);
  },
};

// What these need beside jit is not on every machine.
const onScreen = [
  'jit elevate',
  'jit elevate prod-db --for 30m',
  'jit elevate prod-db:read --on-end close',
  'jit use prod-db:read --for 30m',
  'jit use prod-db:write --reason INC-4711',
  'jit drop',
  'jit shell-init',
  'jit init',
  'jit init aws',
];
const screenTools = ['tmux', 'bash', 'psql'];

/** The folder is there in the homes of those who use that shell. */
async function writesScript(line: string): Promise<void> {
  const file = line.split(' > ')[1] ?? '';
  expect(await works(`mkdir -p "$(dirname ${file})" && ${line} && cat ${file}`)).toContain('jit');
}

describe('help', () => {
  test.concurrent.each(registry)('of "jit $name" shows at least one example', async ({ name }) => {
    const shown = await works(`jit ${name} --help`);
    const [, after = ''] = shown.split('\nExamples\n');
    const lines = after.split('\n').filter((line) => /^ {2}jit /.test(line));
    expect(lines.map((line) => line.trim())).toEqual(
      examples.filter((example) => example.name === name).map(({ line }) => line),
    );
    expect(lines.length).toBeGreaterThan(0);
    expect(await works(`jit help ${name}`)).toBe(shown);
  });

  test.for(examples)('shows "$line", which works', async ({ line }, { skip }) => {
    const absent = missing(
      ...(line.includes('psql') ? ['psql'] : []),
      ...(onScreen.includes(line) ? screenTools : []),
    );
    skip(absent !== null, absent ?? '');
    skip(line.startsWith('jit secret') && noKeyring !== null, noKeyring ?? '');
    const run = special[line];
    if (run) await run(line);
    else expect(await works(line)).not.toBe('');
  });

  test('knows every example that is run in a way of its own', () => {
    const lines = examples.map(({ line }) => line);
    expect(Object.keys(special).filter((line) => !lines.includes(line))).toEqual([]);
  });
});
