// Without a terminal, as in scripts and CI: nothing waits for an answer, errors name the flag, output is plain,
// a reader who goes away is no failure, and a signal while a grant is being made leaves nothing behind.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTypist, type Typist } from '../support/examples.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { finish, prepareServer, type Ran, type World } from '../support/world.ts';

let server: PostgresServer;
let typist: Typist;
let world: World;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  await prepareServer(server);
  typist = createTypist(server);
  world = typist.world;
  world.writeConfig(configWithScopes());
  expect((await world.jit('elevate', 'prod-db:read', '--for', '1m', '--', 'true')).code).toBe(0);
});
afterAll(async () => {
  await world.remove();
  await server.stop();
});

function configWithScopes(): string {
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
      both: { groups: [app_ro, app_rw], scopes: { half: { groups: [app_ro] } } }
  locked-db:
    provider: postgres
    host: ${server.host}
    port: ${server.port}
    database: orders
    user: jit_broker
    password: env:NOBODY_SETS_THIS
    roles:
      read: { groups: [app_ro] }
entitlements:
  - { name: read, who: [$ME], roles: ["*:read"], max_duration: 1h }
  - { name: write, who: [$ME], roles: ["prod-db:write"], max_duration: 1h, reason: { required: true } }
  - { name: half, who: [$ME], roles: ["prod-db:both"], scopes: [half], max_duration: 1h }
`;
}

/** Runs `jit` with a standard input that stays open and silent: whoever reads it waits, and is killed in the end. */
function unanswered(args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: typist.env, cwd: world.dir, timeout: 40_000, killSignal: 'SIGKILL' } as const;
    const child = execFile(
      'sh',
      ['-c', 'exec jit "$@"', 'sh', ...args],
      options,
      (_error, stdout, stderr) => {
        child.stdin?.destroy();
        resolve({ code: child.exitCode ?? 137, stdout, stderr });
      },
    );
  });
}

/** The error that `--json` prints. */
function errorOf({ stderr }: Ran): { code: string; message: string; hint?: string } {
  expect(stderr).toMatch(/^\{.*\}\n$/);
  return (JSON.parse(stderr) as { error: { code: string; message: string } }).error;
}

const incomplete: readonly (readonly [what: string, args: string, names: string])[] = [
  ['no target', 'elevate', '<target>'],
  ['no role', 'elevate prod-db -- true', '--role'],
  ['no scope', 'elevate prod-db:both -- true', '--scope'],
  ['no reason', 'elevate prod-db:write -- true', '--reason'],
  ['no command', 'elevate prod-db:read', '-- command'],
  ['no target for a token', 'token', '<target>'],
  ['no role for a token', 'token prod-db', '--role'],
  ['no scope for a token', 'token prod-db:both', '--scope'],
  ['no reason for a token', 'token prod-db:write', '--reason'],
  ['no target for an environment', 'env', '<target>'],
  ['no role for an environment', 'env prod-db', '--role'],
  ['no reason for an environment', 'env prod-db:write --format json', '--reason'],
  ['no file for GitLab', 'env prod-db:read --format gitlab', '--file'],
  ['no file of GitHub', 'env prod-db:read --format github', 'GITHUB_ENV'],
  ['no operation of git', 'credential git', '<operation>'],
  ['no grant for git', 'credential git get', '--grant'],
  ['no grant to revoke', 'revoke', '<grant>'],
  ['no grant to extend', 'extend --for 5m', '<grant>'],
  ['no length to extend by', 'extend', '--for'],
  ['no target to explain', 'policy explain', '<target>'],
  ['no cases', 'policy test', '<file>'],
  ['no name for a first configuration', 'init --config new.yaml', '<target>'],
  ['no host', 'init a-db --config new.yaml', '--host'],
  ['no database', 'init a-db --config new.yaml --host h', '--database'],
  ['no roles', 'init a-db --config new.yaml --host h --database d', '--role'],
  ['no name for a first AWS account', 'init aws --config new.yaml', '--target'],
  ['no region', 'init aws a --config new.yaml', '--region'],
  ['no roles of IAM', 'init aws a --config new.yaml --region eu-west-1', '--role'],
  ['no secret to check', 'secret check', '<reference>'],
  ['no terminal for the shell of the demo', 'demo --shell', '--shell'],
];

describe('without a terminal', () => {
  test.concurrent.each(incomplete)(
    'a command with %s ends at once and names it',
    async (_what, line, names) => {
      const ran = await unanswered(line.split(' '));
      expect(ran.code).toBe(2);
      expect(ran.stdout).toBe('');
      expect(ran.stderr).toMatch(/^jit: error: /);
      expect(ran.stderr).toContain(names);
      expect(ran.stderr).not.toContain('\u001b');
    },
  );

  test.each([
    ['ERR_INPUT_NEEDED', 2, 'elevate --json'],
    ['ERR_USAGE', 2, 'elevate prod-db:read --json'],
    ['ERR_USAGE', 2, 'status --json --bogus'],
    ['ERR_USAGE', 2, 'audit log --json --since never'],
    ['ERR_DURATION', 2, 'elevate prod-db:read --keep --json --for 30'],
    ['ERR_INPUT_NEEDED', 2, 'elevate prod-db --keep --json'],
    ['ERR_INPUT_NEEDED', 2, 'extend --json'],
    ['ERR_INPUT_NEEDED', 2, 'init --json --config new.yaml'],
    ['ERR_UNKNOWN_NAME', 2, 'revoke gnone --json'],
    ['ERR_UNKNOWN_NAME', 2, 'elevate prod-bd:read --keep --json'],
    ['ERR_UNKNOWN_NAME', 2, 'policy explain prod-bd --json'],
    ['ERR_CONFIG', 2, 'policy check --json --config /nonexistent.yaml'],
    ['ERR_POLICY_DENIED', 3, 'elevate prod-db:read --for 9h --keep --json'],
    ['ERR_SECRET_UNAVAILABLE', 4, 'elevate locked-db:read --keep --json'],
  ])('a failure with --json is an object with %s, exit code %i: %s', async (code, exitCode, line) => {
    const ran = await unanswered(line.split(' '));
    expect(errorOf(ran).code).toBe(code);
    expect(ran.stdout).toBe('');
    expect(ran.code).toBe(exitCode);
  });

  test('a command under a grant gets an input of its own', async () => {
    const ran = await typist.sh('echo hello | jit elevate prod-db:read --for 1m -- cat');
    expect(ran).toMatchObject({ code: 0, stdout: 'hello\n' });
  });
});

describe('output that is no terminal', () => {
  const lines = [
    'targets',
    'status',
    'audit log',
    'audit verify',
    'audit export --format csv',
    'policy explain prod-db:read',
    'doctor prod-db',
    'help',
    'elevate --help',
    'elevate nope -- true',
  ];

  test.concurrent.each(lines)('has no escape sequence: jit %s', async (line) => {
    const ran = await typist.sh(`TERM=xterm-256color jit ${line}`);
    expect(ran.stdout + ran.stderr).not.toBe('');
    expect(ran.stdout + ran.stderr).not.toContain('\u001b');
  });

  test('has colours when they are asked for, and NO_COLOR is stronger than FORCE_COLOR', async () => {
    expect((await typist.sh('jit targets --color')).stdout).toContain('\u001b[');
    expect((await typist.sh('FORCE_COLOR=1 jit targets')).stdout).toContain('\u001b[');
    expect((await typist.sh('FORCE_COLOR=1 NO_COLOR=1 jit targets')).stdout).not.toContain('\u001b');
    expect((await typist.sh('NO_COLOR=1 jit targets --color')).stdout).toContain('\u001b[');
  });

  test.each(['audit log', 'audit export', 'targets', 'help', 'status --json', 'policy check'])(
    'may lose its reader: jit %s',
    async (line) => {
      // The reader has closed its end before jit writes.
      const child = typist.start(`jit ${line}`);
      child.stdout?.destroy();
      expect(await finish(child)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  test('that nobody took counts as not exported', async () => {
    const child = typist.start('jit audit export --cursor-file taken.cursor');
    child.stdout?.destroy();
    expect(await finish(child)).toMatchObject({ code: 0, stderr: '' });
    const next = await typist.sh(
      'jit audit export --cursor-file taken.cursor > taken.jsonl; head -n 1 taken.jsonl',
    );
    expect(JSON.parse(next.stdout)).toMatchObject({ body: { seq: '0' } });
  });

  test('may lose its reader after a line', async () => {
    const { code, stdout, stderr } = await typist.sh('jit audit log | head -n 1');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  test('may lose who reads its messages, and passes on the exit code all the same', async () => {
    const child = typist.start('exec jit elevate prod-db:read --for 1m -- sh -c "exit 7"');
    child.stderr?.destroy();
    expect((await finish(child)).code).toBe(7);
  });

  test('that cannot be written is a failure that is told', async () => {
    const { code, stderr } = await typist.sh('jit audit log > /dev/full');
    expect(code).toBe(1);
    expect(stderr).toBe(
      'jit: error: cannot write the result: the disk is full\njit: hint: make room on the disk\n',
    );
  });
});

describe('a signal while the server takes its time', () => {
  const postmaster = () =>
    Number(readFileSync(path.join(server.dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends the command with %i and leaves nothing', async (signal, exitCode) => {
    const client = await world.client({ start: false });
    const filter = { grant: null, target: null, principal: null, since: null, until: null, limit: null };
    const intents = async () =>
      (await client.audit(filter)).events.filter(({ body }) => body.type === 'lease.intent').length;
    const before = await intents();
    const trace = path.join(world.dir, 'the-command-ran');
    process.kill(postmaster(), 'SIGSTOP');
    try {
      const child = world.start(['elevate', 'prod-db:read', '--for', '1m', '--', 'touch', trace]);
      const ended = finish(child);
      await until(async () => expect(await intents()).toBe(before + 1));
      child.kill(signal);
      expect(await ended).toEqual({ code: exitCode, stdout: '', stderr: 'jit: cancelled\n' });
    } finally {
      process.kill(postmaster(), 'SIGCONT');
    }
    await until(async () => {
      expect(await client.status()).toMatchObject({ grants: [], overdue: 0 });
      expect(await server.sql(`SELECT rolname FROM pg_roles WHERE rolname ~ '^jit_l'`)).toEqual([]);
    });
    expect(existsSync(trace)).toBe(false);
    expect(readdirSync(world.paths.grantsDir)).toEqual([]);
  });
});
