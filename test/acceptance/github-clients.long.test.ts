// Real git and real gh against GitHub as `emulate` plays it, behind the gate that closes its holes, and a git server that asks
// the gate what each token may do: what a grant is for works, nothing else does, and nothing at all after its end.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GitServer, startGitServer } from '../fakes/git-http.ts';
import { type EmulatedGithub, startEmulatedGithub } from '../support/emulated-github.ts';
import { searchBytes, searchFolder, searchProcesses } from '../support/needles.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import { missing } from '../support/tmux.ts';
import { createWorld, finish, type Ran, type World } from '../support/world.ts';

const absent = missing('git', 'openssl', 'gh');
if (absent !== null) process.stderr.write(`github-clients.test.ts is skipped: ${absent}\n`);

let github: EmulatedGithub;
let server: GitServer;
let front: TlsFront;
beforeAll(async () => {
  if (absent !== null) return;
  github = await startEmulatedGithub();
  server = await startGitServer((token, repository) => {
    const granted = github.gate.granted(token);
    if (!granted) return null;
    if (!granted.repositories.includes(repository)) return 'none';
    return (granted.permissions['contents'] as 'read' | 'write' | undefined) ?? 'none';
  });
  for (const name of ['web-one', 'web-two', 'api']) server.addRepository(`acme/${name}`);
  front = await startTlsFront(github.url, server.url);
});
afterAll(async () => {
  await front?.close();
  await server?.close();
  await github?.close();
});

let world: World;

beforeEach(() => {
  world = createWorld('');
  const key = path.join(world.dir, 'app.pem');
  writeFileSync(key, github.privateKey, { mode: 0o600 });
  world.writeConfig(config(key));
  writeFileSync(
    path.join(world.dir, 'home', '.gitconfig'),
    '[user]\n name = ada\n email = ada@example.com\n[credential]\n helper = "!echo username=x-access-token; echo password=WIDE; :"\n',
  );
});
afterEach(async () => {
  // Also those of other tests: none of them is in what jit keeps.
  expect(searchFolder(world.paths.stateDir, github.gate.all())).toEqual([]);
  expect(searchFolder(world.paths.runDir, github.gate.all())).toEqual([]);
  await world.remove();
  expect(github.gate.live()).toEqual([]);
});

const config = (key: string): string => `
version: 1
targets:
  deploy-repos:
    provider: github
    app_id: ${github.appId}
    private_key: file:${key}
    owner: acme
    base_url: ${github.url}
    git_url: ${front.url}
    roles:
      read: { repositories: [web-one, web-two], permissions: { contents: read } }
      write: { repositories: [web-one], permissions: { contents: write } }
entitlements:
  - { name: all, who: ["$ME"], roles: ["*:*"], max_duration: 3h, reason: { required: true } }
`;

const trust = () => ({
  SSL_CERT_FILE: front.certificate,
  GIT_SSL_CAINFO: front.certificate,
  GH_TOKEN: 'wide',
  GITHUB_TOKEN: 'wide',
  SSH_ASKPASS: '/bin/false',
  JIT_REASON: 'nightly report',
});

/** Runs jit without a terminal, beside what a user of their own has lying about. */
function jit(...args: string[]): Promise<Ran> {
  return finish(world.start(args, trust()));
}

/** A script of sh under a grant; its lines are echoed with their exit codes. */
const under = (role: string, script: string, ...flags: string[]): Promise<Ran> =>
  jit('elevate', `deploy-repos:${role}`, '--for', '10m', ...flags, '--', 'sh', '-c', script);
const at = (name: string): string => `${front.url}/${name}.git`;
const contents = (name: string): string => `repos/acme/${name}/contents/README.md`;
const newFile = 'repos/acme/web-one/contents/new -f message=x -f content=eA==';
/** A line of sh that asks by gh and shows the name of the file, or the status of the refusal; its exit code is gh's. */
const asked = (what: string): string =>
  `gh api ${what} --jq '.name // .content.name' >said 2>why; code=$?; if [ $code = 0 ]; then cat said; else grep -o 'HTTP 4..' why; fi; (exit $code)`;

describe.skipIf(absent !== null)('a grant for two repositories and reading', () => {
  it('lets gh read both, refuses a third and a write, and everything after its end', async () => {
    const script = [
      ...['web-one', 'web-two', 'api'].map((name) => `${asked(contents(name))}; echo "${name} $?"`),
      `${asked(`-X PUT ${newFile}`)}; echo "write $?"`,
      // What ends with the grant, to be shown again after it.
      'printf %s "$GH_ENTERPRISE_TOKEN" > token',
      'echo "$GH_HOST $GH_TOKEN$GITHUB_TOKEN"',
    ].join('\n');
    const ran = await under('read', script, '--export', 'env');
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout.split('\n').slice(0, -1)).toEqual([
      ...['README.md', 'web-one 0', 'README.md', 'web-two 0'],
      // emulate's word for a repository that a token is not for; GitHub's is 404.
      ...['HTTP 403', 'api 1', 'HTTP 403', 'write 1'],
      `${new URL(front.url).host} `,
    ]);
    const token = readFileSync(path.join(world.dir, 'token'), 'utf8');
    expect(token).not.toBe('');
    const after = await bare(`gh api ${contents('web-one')}`, { GH_ENTERPRISE_TOKEN: token });
    expect(after.code).not.toBe(0);
    expect(after.stderr).toContain('401');
  });

  it('lets git clone both by the helper, refuses a third and a push, and no token is in the environment', async () => {
    const script = [
      `git clone -q ${at('acme/web-one')} one; echo "one $?"`,
      `git clone -q ${at('acme/web-two')} two; echo "two $?"`,
      `git clone -q ${at('acme/api')} api 2>&1 | grep -c "not found"`,
      'cd one && echo x > new && git add new && git commit -qm new',
      'git push -q origin main 2>&1 | grep -c 403',
      'env',
    ].join('\n');
    const ran = await under('read', script);
    expect(ran.stdout.split('\n').slice(0, 4)).toEqual(['one 0', 'two 0', '1', '1']);
    expect(readFileSync(path.join(world.dir, 'one/README.md'), 'utf8')).toContain('acme/web-one');
    expect(existsSync(path.join(world.dir, 'api'))).toBe(false);
    expect(server.read('acme/web-one', 'new')).toBeNull();
    expect(searchBytes('env', ran.stdout, github.gate.all())).toEqual([]);
    expect(searchFolder(path.join(world.dir, 'one', '.git'), github.gate.all())).toEqual([]);
  });

  it('lets git and gh write with a role that may write', async () => {
    const script = [
      asked(`-X PUT ${newFile}`),
      `git clone -q ${at('acme/web-one')} one && cd one`,
      'echo x > pushed && git add pushed && git commit -qm new && git push -q origin main',
    ].join('\n');
    const ran = await under('write', script, '--export', 'env');
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toBe('new\n');
    expect(server.read('acme/web-one', 'pushed')).toBe('x\n');
  });
});

/** A command outside of every grant. */
async function bare(script: string, env: Record<string, string> = {}): Promise<Ran> {
  const { GH_TOKEN: _one, GITHUB_TOKEN: _two, ...rest } = trust();
  const all = { ...world.env, ...rest, GH_HOST: new URL(front.url).host, ...env };
  return finish(spawn('sh', ['-c', script], { env: all, cwd: world.dir }));
}

describe.skipIf(absent !== null)('a kept grant', () => {
  it('of jit token is a token for gh until it is revoked, and is nowhere else', async () => {
    const ran = await jit('token', 'deploy-repos:read', '--for', '10m');
    expect(ran.code, ran.stderr).toBe(0);
    const token = ran.stdout.trim();
    expect(github.gate.live()).toEqual([token]);
    const read = `gh api ${contents('web-one')} --jq .name`;
    expect((await bare(read, { GH_ENTERPRISE_TOKEN: token })).stdout).toBe('README.md\n');
    expect(searchProcesses([token])).toEqual([]);
    expect(searchBytes('stderr', ran.stderr, [token])).toEqual([]);
    const log = await jit('audit', 'log', '--json');
    expect(searchBytes('log', log.stdout, [token])).toEqual([]);
    expect(log.stdout).toContain('lease.handed_out');
    const [, id = ''] = /"jit revoke (\w+)" ends it/.exec(ran.stderr) ?? [];
    expect((await jit('revoke', id)).code).toBe(0);
    expect((await bare(read, { GH_ENTERPRISE_TOKEN: token })).stderr).toContain('401');
  });

  it('of jit env lets git clone until it is revoked; git is then told to stop, and why', async () => {
    const ran = await jit('env', 'deploy-repos:read', '--for', '10m', '--format', 'sh');
    expect(searchBytes('stdout', ran.stdout, github.gate.all())).toEqual([]);
    writeFileSync(path.join(world.dir, 'access.sh'), ran.stdout);
    const clone = (folder: string) => bare(`. ./access.sh; git clone -q ${at('acme/web-one')} ${folder}`);
    expect(await clone('one')).toMatchObject({ code: 0 });
    const [, id = ''] = /"jit revoke (\w+)" ends it/.exec(ran.stderr) ?? [];
    await jit('revoke', id);
    const before = server.log.length;
    const after = await clone('two');
    expect(after.code).toBe(128);
    expect(after.stderr).toContain(`grant "${id}" has ended`);
    expect(after.stderr).toContain('quit');
    expect(server.log.slice(before)).toEqual(['GET /acme/web-one.git/info/refs 401']);
  });

  it.each(['dotenv', 'sh'])('of jit env --format %s in a file works for whoever reads it', async (format) => {
    const file = path.join(world.dir, 'access.env');
    const ran = await jit('env', 'deploy-repos:read', '--format', format, '--file', file);
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    const clone = await bare(`set -a; . ./access.env; git clone -q ${at('acme/web-one')} one`);
    expect(clone).toMatchObject({ code: 0 });
  });

  it('of jit env --format gitlab is a file that another machine can use, without what leads to this one', async () => {
    const args = ['env', 'deploy-repos:read', '--format', 'gitlab', '--file', 'jit.env'];
    const refused = await jit(...args);
    expect(refused.code).toBe(1);
    expect(github.gate.live()).toEqual([]);
    expect((await jit(...args, '--export', 'env')).code).toBe(0);
    const [token = ''] = github.gate.live();
    const lines = readFileSync(path.join(world.dir, 'jit.env'), 'utf8').split('\n');
    expect(lines).toContain(`GH_ENTERPRISE_TOKEN=${token}`);
    expect(lines.filter((line) => /GIT_CONFIG|ASKPASS/.test(line))).toEqual([]);
  });

  it('of jit token that lasts longer than its token says so', async () => {
    const ran = await jit('token', 'deploy-repos:read', '--for', '3h');
    expect(ran.stderr).toMatch(/what is exported ends in (1h|59m\d*s?), before the grant does/);
    const { stdout } = await jit('token', 'deploy-repos:read', '--for', '3h', '--json');
    const { expires_at, grant } = JSON.parse(stdout) as { expires_at: string; grant: { deadline: string } };
    expect(Date.parse(grant.deadline) - Date.parse(expires_at)).toBeGreaterThan(7_000_000);
  });

  it('of jit env --format github hides its token before it hands it on', async () => {
    const file = path.join(world.dir, 'github-env');
    writeFileSync(file, '');
    const args = ['env', 'deploy-repos:read', '--export', 'env', '--format', 'github'];
    const ran = await finish(world.start(args, { ...trust(), GITHUB_ENV: file }));
    const [token = ''] = github.gate.live();
    expect(ran).toMatchObject({ code: 0, stdout: `::add-mask::${token}\n` });
    expect(readFileSync(file, 'utf8')).toMatch(
      new RegExp(`^GH_ENTERPRISE_TOKEN<<(jit_\\w+)\\n${token}\\n\\1$`, 'm'),
    );
    expect(searchBytes('stderr', ran.stderr, [token])).toEqual([]);
  });
});
