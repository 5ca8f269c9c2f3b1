// A job that is killed at any point while it has tokens of GitHub: after the last step, or the next jit, the ledger of GitHub
// has no live token, but for the one that nobody was told, which is reported as that and never as revoked.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FakeGithub, startFakeGithub } from '../fakes/github/server.ts';
import { privateKey } from '../fakes/github/state.ts';
import { createGithubPlace } from '../support/ci-github.ts';
import type { JobPlace } from '../support/ci-job.ts';
import { withoutDays } from '../support/days.ts';
import { searchFolder } from '../support/needles.ts';
import { until } from '../support/until.ts';
import { finish } from '../support/world.ts';

let github: FakeGithub;
let place: JobPlace;
beforeAll(async () => {
  github = await startFakeGithub();
  const { account, url } = github;
  account.install('acme');
  for (const name of ['web-one', 'web-two', 'api']) account.addRepository('acme', name);
  const { appId } = account;
  const tokens = () => account.tokens.map(({ token }) => token);
  place = await createGithubPlace({ url, appId, privateKey, tokens }, 'dist-test');
});
afterAll(async () => {
  await place.close();
  await github.close();
});

let jobs = 0;
/** A job of its own, with a state of its own. */
function newJob(): Record<string, string> {
  jobs += 1;
  return {
    ...place.issuer.githubEnv,
    GITHUB_RUN_ID: String(jobs),
    RUNNER_TEMP: place.temp,
    JIT_STATE_DIR: path.join(place.temp, `job-${jobs}`),
    JIT_REASON: 'deploy 574',
  };
}
type Job = ReturnType<typeof newJob>;

const live = (): number => github.account.live().length;

afterEach(() => {
  expect(searchFolder(place.temp, place.needles())).toEqual([]);
  // What a test has left on purpose is none of the next one's business.
  for (const one of github.account.live()) github.account.delete(one);
});

const command = 'exec jit elevate deploy-repos:read --for 5m -- true';
const kept = 'jit token deploy-repos:read --for 5m > /dev/null';

/** What may be in the ledger is taken back by whatever comes next. */
const takenBack = [
  'elevate.before-intent',
  'elevate.after-issue',
  'elevate.files-written',
  'elevate.after-hand-out',
  'revoke.before-revoking',
  'revoke.before-delete',
  'revoke.deleted',
  'revoke.confirmed',
  'revoke.after-record',
];

describe.each(takenBack)('killed at %s', (point) => {
  test.each([
    ['the last step', 'jit ci cleanup'],
    ['the next jit', 'jit targets'],
  ])('%s leaves no live token', async (_what, line) => {
    const job = newJob();
    const killed = await place.run(command, { ...job, JIT_FAILPOINT: `${point}=kill` });
    expect(killed.code).toBe(137);
    const next = await place.run(line, job);
    expect(next.code, next.stderr).toBe(0);
    expect(live()).toBe(0);
    const last = await place.run('jit ci cleanup --json', job);
    expect(JSON.parse(last.stdout)).toMatchObject({ ending: [], overdue: [] });
  });
});

/** A broker beside the command that dies at a point of `jit token`, and `jit ci cleanup` after it. */
test.each(['elevate.after-issue', 'elevate.files-written', 'elevate.after-hand-out'])(
  'with its own broker killed at %s, the last step leaves no live token',
  async (point) => {
    const job = newJob();
    const failed = await place.run(kept, { ...job, JIT_FAILPOINT: `${point}=kill` });
    expect(failed.code).toBe(7);
    expect(live()).toBe(1);
    const cleaned = await place.run('jit ci cleanup', job);
    expect(cleaned.code, cleaned.stderr).toBe(0);
    expect(live()).toBe(0);
  },
);

describe.each(['issue.sent', 'issue.answered'])('killed at %s', (point) => {
  /** A token was made, and nobody was told which. */
  async function lost(job: Job): Promise<void> {
    expect((await place.run(command, { ...job, JIT_FAILPOINT: `${point}=kill` })).code).toBe(137);
    expect(live()).toBe(1);
  }

  test('the last step says that a token ends by itself, and when, and exits with 1', async () => {
    const job = newJob();
    await lost(job);
    const cleaned = await place.run('jit ci cleanup', job);
    expect(cleaned).toMatchObject({ code: 1, stdout: '' });
    expect(withoutDays(cleaned.stderr)).toMatch(
      /grant g\w+ \(deploy-repos:read\) has ended, but its credential cannot be withdrawn, and nobody has it; ends at \d\d:\d\d/,
    );
  });

  test('the last step has it in --json, with its end, and again until then', async () => {
    const job = newJob();
    await lost(job);
    const expiresAt = github.account.live()[0]?.expiresAt ?? 0;
    for (const _ of ['first', 'second']) {
      const { code, stdout } = await place.run('jit ci cleanup --json', job);
      expect(code).toBe(1);
      const said = JSON.parse(stdout) as {
        ending: { leases: { irrevocable_until: string; state: string }[] }[];
      };
      expect(said).toMatchObject({ revoked: [], overdue: [], ending: [{ leases: [{ state: 'revoking' }] }] });
      expect(Date.parse(said.ending[0]?.leases[0]?.irrevocable_until ?? '')).toBeGreaterThan(expiresAt);
    }
    const { stdout } = await place.run('jit audit log --json', job);
    expect(stdout).toContain('lease.undisclosed');
    expect(stdout).not.toContain('lease.revoked');
  });
});

describe('a step that is cancelled', () => {
  async function running(job: Job, inner: string) {
    const trace = path.join(place.temp, `pid-${job['GITHUB_RUN_ID']}`);
    const child = place.start(
      `exec jit elevate deploy-repos:read --for 5m -- sh -c 'echo $$ > ${trace}; ${inner}'`,
      job,
    );
    const ended = finish(child);
    await until(() => expect(existsSync(trace) && readFileSync(trace, 'utf8')).toMatch(/\n/));
    expect(live()).toBe(1);
    return { child, ended, pid: Number(readFileSync(trace, 'utf8')) };
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s has no live token when jit ends', async (signal, code) => {
    const { child, ended } = await running(newJob(), 'exec sleep 60');
    child.kill(signal);
    expect((await ended).code).toBe(code);
    expect(live()).toBe(0);
  });

  test('as GitHub does it, with SIGKILL in the end, has none after the last step', async () => {
    const job = newJob();
    const { child, ended, pid } = await running(job, 'trap "" INT TERM; while :; do sleep 1; done');
    child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    expect((await ended).code).toBe(137);
    expect(live()).toBe(1);
    expect((await place.run('jit ci cleanup', job)).code).toBe(0);
    expect(live()).toBe(0);
  });

  test('while jit token asks GitHub has none after the last step, which waits for the answer', async () => {
    const job = newJob();
    const made = github.account.tokens.length;
    const before = github.count('POST access_tokens');
    github.fault({ on: 'POST access_tokens', kind: 'slow', delay: 2_000 });
    const child = place.start('exec jit token deploy-repos:read --for 5m', job);
    const ended = finish(child);
    await until(() => expect(github.count('POST access_tokens')).toBe(before + 1));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 143, stdout: '' });
    const cleaned = await place.run('jit ci cleanup --json', job);
    expect(github.account.tokens.length).toBe(made + 1);
    expect(cleaned.code).toBe(0);
    expect(live()).toBe(0);
    const { stdout } = await place.run('jit audit log --json', job);
    expect(stdout).toContain('issued-too-late');
    expect(stdout).not.toContain('lease.undisclosed');
  });
});

test('GitHub that refuses the last step is told, and asked again by the next', async () => {
  const job = newJob();
  expect((await place.run(kept, job)).code).toBe(0);
  const before = github.count('DELETE token');
  github.fault({ on: 'DELETE token', kind: 'forbidden', times: 50 });
  const failed = await place.run('jit ci cleanup --for 1s', job);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('could not be taken back');
  expect(live()).toBe(1);
  while (github.count('DELETE token') < before + 50) {
    await fetch(`${github.url}/installation/token`, { method: 'DELETE' });
  }
  const cleaned = await place.run('jit ci cleanup', job);
  expect(cleaned.code, cleaned.stderr).toBe(0);
  expect(live()).toBe(0);
});
