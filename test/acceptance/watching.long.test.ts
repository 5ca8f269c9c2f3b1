// What is done under a grant is in the log, and what is odd about it is seen: a real broker, a real PostgreSQL, a real web
// server that is told.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReply, ElevateReply } from '../../src/protocol/routes.ts';
import { loginOf } from '../support/login.ts';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { wish } from '../support/request.ts';
import { missing, openTerminal, type Terminal } from '../support/tmux.ts';
import { until } from '../support/until.ts';
import { configFor, createWorld, finish, prepareServer, type World } from '../support/world.ts';

const root = path.join(import.meta.dirname, '..', '..');
const secretPath = '/hooks/planted-webhook-path';

let server: PostgresServer;
let hook: http.Server;
const told: string[] = [];
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
  await prepareServer(server);
  hook = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === secretPath) told.push(Buffer.concat(chunks).toString());
    response.end('ok');
  });
  hook.listen(0, '127.0.0.1');
  await once(hook, 'listening');
});
afterAll(async () => {
  hook.closeAllConnections();
  hook.close();
  await server.stop();
});

function worldWith(extra: string): World {
  const config = configFor(server, extra).replace(
    'max_duration: 10m',
    'max_duration: 10m\n    record: { argv: true }',
  );
  return createWorld(config);
}
const events = async (world: World, type: string): Promise<AuditReply['events'][number]['body'][]> => {
  const ran = await world.jit('audit', 'log', '--json');
  const { events: all } = JSON.parse(ran.stdout) as AuditReply;
  return all.map(({ body }) => body).filter((body) => body.type === type);
};

describe('usage', () => {
  let world: World;
  beforeAll(() => {
    world = worldWith('');
  });
  afterAll(() => world.remove());

  test('a command that ends with 3 is in the log with its pid, its exit code and how long it ran', async () => {
    const ran = await world.jit('elevate', 'orders-db:read', '--', 'sh', '-c', 'echo $$; exit 3');
    expect(ran.code).toBe(3);
    const pid = Number(ran.stdout);
    expect(await events(world, 'command.started')).toMatchObject([
      { target: 'orders-db', data: { kind: 'command', pid, argv: null } },
    ]);
    const [ended] = await events(world, 'command.ended');
    expect(ended?.data).toMatchObject({ kind: 'command', pid, exit_code: 3 });
    const order = (await world.jit('audit', 'log')).stdout;
    expect(order.indexOf('command.started')).toBeLessThan(order.indexOf('command.ended'));
    expect(order.indexOf('command.ended')).toBeLessThan(order.indexOf('grant.ended'));
  });

  test('where the entitlement says so its words are there, and no secret of them', async () => {
    const secret = 'planted-argv-secret';
    const argv = [
      'sh',
      '-c',
      'exit 0',
      'x',
      '--password',
      secret,
      `--token=${secret}`,
      `https://u:${secret}@h/`,
    ];
    const ran = await world.jit('elevate', 'orders-db:write', '--reason', 'a reason', '--', ...argv);
    expect(ran.code).toBe(0);
    const started = (await events(world, 'command.started')).at(-1);
    expect(started?.data).toMatchObject({
      argv: [
        'sh',
        '-c',
        'exit 0',
        'x',
        '--password',
        '[secret]',
        '--token=[secret]',
        'https://u:[secret]@h/',
      ],
    });
    expect((await world.jit('audit', 'export')).stdout).not.toContain(secret);
  });

  test('audit tail -f shows events as they come, and ends as tail does', async () => {
    const tail = world.start(['audit', 'tail', '-f', '--json', '--lines', '1']);
    const ended = finish(tail);
    let seen = '';
    tail.stdout?.on('data', (text: string) => {
      seen += text;
    });
    await until(() => expect(seen).not.toBe(''));
    await world.jit('elevate', 'orders-db:read', '--', 'true');
    await until(() => expect(seen).toContain('"lease.revoked"'));
    tail.kill('SIGINT');
    const { stdout, code } = await ended;
    expect(code).toBe(130);
    const seqs = stdout
      .trim()
      .split('\n')
      .map((line) => Number(JSON.parse(line).body.seq));
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index));
  });

  test('a broker that is killed meanwhile fails no command, and the next one goes on', async () => {
    const { pid } = await (await world.client()).hello();
    const ran = await world.jit('elevate', 'orders-db:read', '--', 'sh', '-c', `kill -9 ${pid}; exit 4`);
    expect(ran.code).toBe(4);
    await until(async () => expect((await world.jit('status')).stdout).toContain('no active grants'));
  });
});

describe('an anomaly', () => {
  let world: World;
  beforeAll(() => {
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}${secretPath}`;
    world = worldWith(`
anomalies:
  creep: { mode: revoke, extensions: 0 }
  activation-burst: { mode: revoke, count: 3, within: 1h }
alerts:
  - { webhook: "${url}" }
`);
  });
  afterAll(() => world.remove());

  const elevate = async (): Promise<ElevateReply> =>
    (await world.client()).elevate(wish({ target: 'orders-db', role: 'read', duration: 60_000 }));

  test('of a rule in mode revoke ends the grant with its connections, is on record and told; the URL is nowhere', async () => {
    const other = await elevate();
    const { grant, env } = await elevate();
    const { user, password } = loginOf(env);
    const session = await server.connect('orders', user, password);
    let isCut = false;
    session.on('error', () => undefined);
    session.on('end', () => {
      isCut = true;
    });
    const client = await world.client();
    await client.extend({ grant: grant.id, duration: 120_000, reason: null });
    await until(() => expect(isCut).toBe(true));
    await until(async () =>
      expect(await server.sql(`SELECT 1 FROM pg_roles WHERE rolname = '${user}'`)).toEqual([]),
    );
    await until(async () =>
      expect((await client.status()).grants.map(({ id }) => id)).toEqual([other.grant.id]),
    );
    const login = loginOf(other.env);
    await (await server.connect('orders', login.user, login.password)).end();

    const found = (await events(world, 'anomaly.found')).filter(({ grant: id }) => id === grant.id);
    expect(found).toMatchObject([{ data: { rule: 'creep', action: 'revoke' } }]);
    const ended = await events(world, 'grant.ended');
    expect(ended).toMatchObject([{ grant: grant.id, data: { cause: 'anomaly' } }]);
    await until(() => expect(told).toHaveLength(1));
    expect(JSON.parse(told[0] ?? '')).toMatchObject({ text: expect.stringContaining(grant.id) });

    expect((await world.jit('status')).stdout).toMatch(/Anomalies of the last day:\n.*creep/);
    const doctor = await world.jit('doctor');
    expect(doctor.stdout).toContain('creep');
    const everything = [doctor.stdout, (await world.jit('audit', 'export')).stdout].join('\n');
    expect(everything).not.toContain('planted-webhook-path');
    expect(readFileSync(world.paths.log, 'utf8')).not.toContain('planted-webhook-path');
  });

  test('that is found while the credential is being made keeps it from being handed out', async () => {
    await expect(elevate()).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    await until(async () =>
      expect(await server.sql("SELECT 1 FROM pg_roles WHERE rolname LIKE 'jit\\_l%'")).toHaveLength(1),
    );
  });

  test('that was told is not told again by the broker that comes next', async () => {
    await until(() => expect(told).toHaveLength(2));
    const before = (await events(world, 'anomaly.found')).length;
    await world.jit('broker', 'stop');
    await elevate();
    await until(async () => expect((await events(world, 'policy.load')).length).toBe(2));
    expect(await events(world, 'anomaly.found')).toHaveLength(before);
    expect(told).toHaveLength(2);
  });
});

const absent = missing('tmux', 'bash');
describe.skipIf(absent !== null)(`jit watch on a terminal${absent === null ? '' : ` (${absent})`}`, () => {
  let world: World;
  let terminal: Terminal;
  beforeAll(async () => {
    world = worldWith('');
    const env = { ...(world.env as Record<string, string>), PS1: 'outer$ ', TERM: 'screen' };
    const command = ['bash', '--norc', '--noprofile', '-i'];
    terminal = await openTerminal({ command, env, cwd: world.dir });
    await terminal.line(`jit() { "${process.execPath}" "${root}/dist/jit.cjs" "$@"; }; clear`);
  });
  afterAll(async () => {
    await terminal.close();
    await world.remove();
  });

  test('shows grants come and go, with time that passes, and gives the screen back after "q"', async () => {
    await terminal.line('echo before-the-picture; jit watch; echo "code=$?"');
    await terminal.waitFor(/no active grants/);
    expect(await terminal.screen()).not.toContain('before-the-picture');
    const client = await world.client();
    const { grant } = await client.elevate(wish({ target: 'orders-db', role: 'read', duration: 120_000 }));
    const [, first] = await terminal.waitFor(new RegExp(`${grant.id} .*\\((\\S+)\\)`));
    await terminal.waitFor(new RegExp(`${grant.id} .*\\((?!${first}\\))\\S+\\)`));
    await client.revoke({ grant: grant.id, all: false, cause: 'revoked' });
    await terminal.waitFor(/no active grants/);
    await terminal.waitFor(/Latest events[\s\S]*lease\.revoked/);
    await terminal.press('q');
    await terminal.waitFor(/^code=0$/m);
    expect(await terminal.screen()).toContain('before-the-picture');
    expect(await terminal.screen()).not.toContain('no active grants');
  });

  test('is stopped by Ctrl-Z as any program, and drawn anew by fg; Ctrl-C ends it with 130', async () => {
    await terminal.line('clear; jit watch');
    await terminal.waitFor(/no active grants/);
    await terminal.press('C-z');
    await terminal.waitFor(/Stopped/);
    // The shell has its terminal: what is typed is seen and run.
    await terminal.line('echo $((40 + 2))');
    await terminal.waitFor(/^42$/m);
    await terminal.line('fg');
    await terminal.waitFor(/jit watch {2}\d\d:\d\d/);
    await terminal.press('C-c');
    await terminal.line('echo "code=$?"');
    await terminal.waitFor(/^code=130$/m);
  });

  test('says that its broker has gone, starts none, and goes on with the next', async () => {
    await terminal.line('clear; jit watch; echo "code=$?"');
    await terminal.waitFor(/no active grants/);
    await world.jit('broker', 'stop');
    await terminal.waitFor(/no broker answers since \d\d:\d\d/);
    expect((await world.jit('broker', 'status')).stdout).not.toContain('pid');
    await (await world.client()).elevate(wish({ target: 'orders-db', role: 'read', duration: 60_000 }));
    await terminal.waitFor(/active, kept/);
    expect(await terminal.screen()).not.toContain('no broker answers');
    await terminal.press('q');
    await terminal.waitFor(/^code=0$/m);
  });

  test('gives the terminal back when it is ended by a signal', async () => {
    await terminal.line('clear; jit watch; echo "code=$?"');
    await terminal.waitFor(/Latest events/);
    const [pid = ''] = await pidsOf('watch');
    process.kill(Number(pid), 'SIGTERM');
    await terminal.waitFor(/^code=143$/m);
    await terminal.line('echo $((40 + 3))');
    await terminal.waitFor(/^43$/m);
  });

  /** The processes of this build that run this command for this user of jit. */
  async function pidsOf(command: string): Promise<string[]> {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
          const env = readFileSync(`/proc/${pid}/environ`, 'utf8');
          return words[2] === command && env.includes(world.dir);
        } catch {
          return false;
        }
      });
  }
});
