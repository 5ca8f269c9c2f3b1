// A pipeline whose steps share a token of GitHub: asked for by the job's identity, used, gone with the job, and nowhere in
// what the job has said or written. In the place of ci.test.ts, against `emulate` behind its gate.

import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Changes } from '../fakes/issuer.ts';
import { asked, createGithubPlace, type TokenServer } from '../support/ci-github.ts';
import { audience, type JobPlace } from '../support/ci-job.ts';
import { type EmulatedGithub, startEmulatedGithub } from '../support/emulated-github.ts';
import { searchBytes, searchFolder } from '../support/needles.ts';
import { until } from '../support/until.ts';
import type { Ran } from '../support/world.ts';

let github: EmulatedGithub;
let server: TokenServer;
let place: JobPlace;
beforeAll(async () => {
  github = await startEmulatedGithub();
  const { url, appId, privateKey } = github;
  server = { url, appId, privateKey, tokens: () => github.gate.all() };
  place = await createGithubPlace(server);
});
afterAll(async () => {
  await place.close();
  await github.close();
});

/** As GitHub starts a step. */
const job = (): Record<string, string> => ({
  ...place.issuer.githubEnv,
  RUNNER_TEMP: place.temp,
  RUNNER_TRACKING_ID: 'github_1234',
  JIT_STATE_DIR: path.join(place.temp, 'jit'),
  JIT_REASON: 'deploy 574',
});

function expectClean(...all: readonly Ran[]): void {
  for (const { stdout, stderr } of all)
    expect(searchBytes('output', stdout + stderr, place.needles())).toEqual([]);
}

const contents = (name: string): string => `/repos/acme/${name}/contents/README.md`;

/** Pids of this place's brokers. */
async function brokers(): Promise<string[]> {
  const { stdout } = await place.run('pgrep -f "broker.mjs --config $JIT_CONFIG" || true');
  return stdout.split('\n').filter(Boolean);
}

afterEach(async () => {
  await place.run('jit ci cleanup', job());
  expect(github.gate.live()).toEqual([]);
  await until(async () => expect(await brokers()).toEqual([]));
  expect(searchFolder(place.temp, place.needles())).toEqual([]);
});

describe('a job', () => {
  test('gets a token for two repositories and reading, uses it, and says nothing secret', async () => {
    const ran = await place.run(
      `set -eu
       token=$(jit token deploy-repos:read --for 10m)
       ${['web-one', 'web-two', 'api'].map((name) => asked(server, '$token', contents(name))).join('\n')}
       ${asked(server, '$token', '/repos/acme/web-one/contents/new', `-X PUT -d '{"message":"x","content":"eA=="}'`)}`,
      job(),
    );
    // emulate's word for a repository that a token is not for; GitHub's is 404.
    expect(ran).toMatchObject({ code: 0, stdout: '200\n200\n403\n403\n' });
    expect(ran.stderr).toContain('for job:deploy-web');
    expectClean(ran);
    expect(github.gate.live()).toHaveLength(1);
    const cleaned = await place.run('jit ci cleanup', job());
    expect(cleaned).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^revoked g\w+ \(deploy-repos:read\)\n$/),
    });
    expect(github.gate.live()).toEqual([]);
    const log = await place.run('jit audit log --json', job());
    expect(log.stdout).toContain('"job:deploy-web"');
    expectClean(cleaned, log);
  });

  test('hands it to the steps that follow, masked first, until the last step', async () => {
    const file = path.join(place.temp, 'github-env');
    writeFileSync(file, '', { mode: 0o666 });
    chmodSync(file, 0o666);
    const env = { ...job(), GITHUB_ENV: file };
    const first = await place.run('jit env deploy-repos:read --export env --format github', env);
    const [token = ''] = github.gate.live();
    expect(first).toMatchObject({ code: 0, stdout: `::add-mask::${token}\n` });
    // As the runner reads it.
    const [, name = '', value = ''] =
      /^(\w*TOKEN)<<(?:jit_\w+)\n(.*)\n/m.exec(readFileSync(file, 'utf8')) ?? [];
    expect(value).toBe(token);
    writeFileSync(file, '');
    const second = await place.run(asked(server, `$${name}`, contents('web-one')), {
      ...job(),
      [name]: value,
    });
    expect(second.stdout).toBe('200\n');
    expect((await place.run('jit ci cleanup', job())).code).toBe(0);
    const third = await place.run(asked(server, `$${name}`, contents('web-one')), {
      ...job(),
      [name]: value,
    });
    expect(third.stdout).toBe('401\n');
    expectClean({ ...first, stdout: '' }, second, third);
  });

  test('has a broker that the runner does not take for its own, and that ends with the last step', async () => {
    await place.run('jit token deploy-repos:read --for 10m > /dev/null', job());
    const [pid] = await brokers();
    // Read as root: the runner may not even do that.
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(
      environment.filter((one) => /^(RUNNER_TRACKING_ID|ACTIONS_|JIT_ID_TOKEN|GITHUB_)/.test(one)),
    ).toEqual([]);
    expect(environment).toContain('JIT_JOB=github/acme/web/9001/1/deploy/runner-1');
    const other = await place.run('jit ci cleanup', { ...job(), GITHUB_JOB: 'other' });
    expect(other).toMatchObject({ code: 0, stdout: 'nothing was left open\n' });
    expect(await brokers()).toEqual([pid]);
    expect(github.gate.live()).toHaveLength(1);
  });

  test('whose broker was killed has it taken back all the same', async () => {
    await place.run('jit token deploy-repos:read --for 10m > /dev/null', job());
    const [pid] = await brokers();
    process.kill(Number(pid), 'SIGKILL');
    expect(github.gate.live()).toHaveLength(1);
    const cleaned = await place.run('jit ci cleanup', job());
    expect(cleaned).toMatchObject({ code: 0, stdout: expect.stringContaining('revoked g') });
    expect(github.gate.live()).toEqual([]);
  });
});

const refused: readonly (readonly [what: string, changes: Changes, why: string])[] = [
  ['of a fork', { repository_id: '999', repository: 'mallory/web' }, 'repository_id "999" is not "123"'],
  ['for another audience', { aud: 'https://github.com/acme' }, 'audience "https://github.com/acme" is not'],
  ['of another environment', { environment: 'staging' }, 'environment "staging" is not "production"'],
];

describe.each(['jit token deploy-repos:read', 'jit env deploy-repos:read --export env --format json'])(
  '%s',
  (line) => {
    test.each(refused)('with a token %s is denied, with the reason', async (_what, changes, why) => {
      const made = github.gate.all().length;
      place.issuer.next = changes;
      const ran = await place.run(line, job()).finally(() => {
        place.issuer.next = {};
      });
      expect(ran).toMatchObject({ code: 3, stdout: '' });
      expect(ran.stderr).toContain(why);
      expectClean(ran);
      expect(github.gate.all()).toHaveLength(made);
    });

    test('with a token that was used is denied, with the reason', async () => {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: _, ...rest } = job();
      const env = { ...rest, JIT_ID_TOKEN: await place.issuer.github(audience) };
      expect((await place.run(`${line} > /dev/null`, env)).code).toBe(0);
      const again = await place.run(line, env);
      expect(again).toMatchObject({ code: 3, stdout: '' });
      expect(again.stderr).toContain('it was used before');
      expectClean(again);
    });

    test('without an identity is denied, and told what to add', async () => {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: _, ...env } = job();
      const ran = await place.run(line, env);
      expect(ran).toMatchObject({ code: 3, stdout: '' });
      expect(ran.stderr).toContain('id-token: write');
    });

    test('asks for the audience that is given', async () => {
      const ran = await place.run(`${line} --audience elsewhere`, job());
      expect(ran.code).toBe(3);
      expect(ran.stderr).toContain('audience "elsewhere" is not');
    });
  },
);

test('a command with the broker inside of it has its token by name, and it is dead when the command ends', async () => {
  const INNER = asked(server, '$(jit token deploy-repos:read --for 1m)', contents('web-one'));
  const ran = await place.run('jit elevate deploy-repos:read --for 5m -- sh -c "$INNER"', {
    ...job(),
    INNER,
  });
  expect(ran).toMatchObject({ code: 0, stdout: '200\n' });
  expect(github.gate.live()).toEqual([]);
  expectClean(ran);
  expect(existsSync(path.join(place.temp, 'jit'))).toBe(true);
});
