// CI jobs: the identity of the job, a broker inside of the command, and nothing left behind, in a place without home,
// keychain and terminal, with a file system that is read-only but for one folder.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Changes } from '../fakes/issuer.ts';
import { audience, type CiPlace, createCiPlace, hasContainer } from '../support/ci-job.ts';
import { searchBytes } from '../support/needles.ts';
import { until } from '../support/until.ts';
import { finish, type Ran } from '../support/world.ts';

let place: CiPlace;
beforeAll(async () => {
  place = await createCiPlace();
});
afterAll(() => place.close());

const bare = hasContainer ? '' : ' (read-only file system skipped: needs root)';
const count = `psql -XAtc 'SELECT count(*) FROM orders'`;

/** As GitHub starts a step. */
const github = (): Record<string, string> => ({ ...place.issuer.githubEnv, RUNNER_TEMP: place.temp });

/** Nothing secret in what a step has said, and nobody's password. */
function expectClean(ran: Ran): void {
  expect(searchBytes('output', ran.stdout + ran.stderr, place.needles())).toEqual([]);
}

async function expectNothingLeft(): Promise<void> {
  expect(await place.roles()).toEqual([]);
}

describe(`a step of a pipeline${bare}`, () => {
  test('is where it says it is: no home, no terminal, nothing to write to but one folder', async () => {
    const ran = await place.run(
      `echo "home=\${HOME:-none}"; touch /tmp/x-jit "$JIT_CONFIG" 2>&1; touch "$TMPDIR/x" && echo temp; tty`,
    );
    expect(ran.stdout).toContain('temp');
    expect(ran.stdout).toContain('not a tty');
    if (hasContainer) {
      expect(ran.stdout).toMatch(/home=none[\s\S]*Read-only file system/);
      expect((await place.run('id -un')).code).toBe(1);
    }
  });

  test('asks as its job, uses the access, and leaves neither access nor secrets', async () => {
    const ran = await place.run(
      `set -eu
       jit elevate orders-db:read --for 5m --reason "deploy 574" -- sh -c '
         echo "as $PGUSER"; ${count.replaceAll("'", '"')}
         echo "token: \${JIT_ID_TOKEN-none}"; umask
       '`,
      github(),
    );
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/^as jit_l\w+\n100\ntoken: none\n0022\n$/);
    expectClean(ran);
    await expectNothingLeft();
    const log = await place.run('jit audit log --json', github());
    const { events } = JSON.parse(log.stdout) as { events: { body: { type: string } }[] };
    const asked = events.findLast(({ body }) => body.type === 'grant.requested')?.body;
    expect(asked).toMatchObject({
      principal: 'job:deploy-web',
      data: { via: 'ci', job: { issuer: 'github', facts: { run_id: '9001', repository_id: '123' } } },
    });
    expectClean(log);
  });

  test('has its own environment and limits in the command, whatever the broker does without', async () => {
    const env = {
      ...github(),
      NODE_OPTIONS: '--max-old-space-size=300',
      npm_config_x: 'mine',
      OTHER: 'kept',
    };
    const show = `echo "$NODE_OPTIONS $npm_config_x $OTHER $ACTIONS_ID_TOKEN_REQUEST_URL"; ulimit -Hc`;
    const ran = await place.run(`${show}; jit elevate orders-db:read --for 1m -- bash -c '${show}'`, env);
    const [outside = '', outsideCores, inside, insideCores] = ran.stdout.split('\n');
    expect(outside).toContain('--max-old-space-size=300 mine kept http://');
    expect([inside, insideCores]).toEqual([outside, outsideCores]);
  });

  test('takes a token from GitLab-like variables, once', async () => {
    const token = await place.issuer.github(audience);
    const first = await place.run(
      `jit elevate orders-db:read --for 1m -- sh -c 'echo "\${JIT_ID_TOKEN-none}"'`,
      {
        JIT_ID_TOKEN: token,
      },
    );
    expect(first).toMatchObject({ code: 0, stdout: 'none\n' });
    const again = await place.run('jit elevate orders-db:read --for 1m -- echo never', {
      JIT_ID_TOKEN: token,
    });
    expect(again.code).toBe(3);
    expect(again.stdout).toBe('');
    expect(again.stderr).toContain('it was used before');
    expectClean(first);
    expectClean(again);
    await expectNothingLeft();
  });

  const refused: readonly (readonly [what: string, changes: Changes, why: string])[] = [
    [
      'of a fork',
      { repository_id: '999', repository: 'mallory/web', event_name: 'pull_request' },
      'repository_id "999" is not "123"',
    ],
    ['of a pull request', { event_name: 'pull_request' }, 'event_name "pull_request"'],
    [
      'for another audience',
      { aud: 'https://github.com/acme' },
      'audience "https://github.com/acme" is not "jit.acme.example"',
    ],
    ['of another environment', { environment: 'staging' }, 'environment "staging" is not "production"'],
    [
      'of a repository that was made anew under the name',
      { repository_id: '777' },
      'repository_id "777" is not "123"',
    ],
    [
      'of another workflow',
      { job_workflow_ref: 'acme/web/.github/workflows/x.yml@refs/heads/main' },
      'job_workflow_ref',
    ],
    ['that has expired', { iat: 1_700_000_000, exp: 1_700_000_300 }, 'has expired'],
  ];
  test.each(refused)('with a token %s is denied, with the reason', async (_what, changes, why) => {
    place.issuer.next = changes;
    const ran = await place.run('jit elevate orders-db:read --for 1m -- echo never', github()).finally(() => {
      place.issuer.next = {};
    });
    expect(ran.code).toBe(3);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(why);
    expectClean(ran);
    const log = await place.run('jit audit log --json', github());
    expect(log.stdout).toContain('grant.denied');
    expectClean(log);
    await expectNothingLeft();
  });

  test('without an identity asks as the OS user, and is told what to add', async () => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: _, ...env } = github();
    const ran = await place.run('jit elevate orders-db:read --for 1m -- echo never', env);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('id-token: write');
    expect(ran.stderr).toContain('no entitlement gives user:');
  });

  test('is told when GitHub gives no token', async () => {
    const env = { ...github(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'wrong' };
    const ran = await place.run('jit elevate orders-db:read --for 1m -- echo never', env);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('HTTP 401');
  });

  test('passes on the exit code of its command, and tells one that cannot be started from it', async () => {
    for (const [command, code] of [
      ['sh -c "exit 7"', 7],
      ["sh -c 'kill -9 $$'", 137],
      ['no-such-command', 127],
      ['/etc/passwd', 126],
    ] as const) {
      const ran = await place.run(`jit elevate orders-db:read --for 1m -- ${command}`, github());
      expect(ran.code).toBe(code);
      await expectNothingLeft();
    }
  });

  test('may ask again inside of the command, through the same broker', async () => {
    const inner = `jit status --json | grep -c '"state": *"active"'; jit elevate orders-db:write --for 1m --reason nested -- sh -c "echo inner \\$PGUSER"`;
    const ran = await place.run(
      `jit elevate orders-db:read --for 2m -- sh -c '${inner.replaceAll("'", `'"'"'`)}'`,
      github(),
    );
    expect(ran.stdout).toMatch(/inner jit_l/);
    expect(ran.code).toBe(0);
    await expectNothingLeft();
  });

  test('keeps its state private, and doctor says that it is in a temporary folder', async () => {
    // A home that is there, is somebody else's, and read-only is as good as none.
    const ran = await place.run('HOME=/usr; jit doctor; find "$TMPDIR"/jit-* -perm /077', github());
    expect(ran.stdout).toContain('a temporary folder');
    expect(ran.stdout.split('\n').filter((line) => line.startsWith(place.temp))).toEqual([]);
  });
});

describe('a job that is cancelled', () => {
  /** Starts a step that stays, once its access is there. */
  async function running(command: string) {
    const trace = path.join(place.temp, `pid-${Math.random()}`);
    const script = `exec jit elevate orders-db:read --for 5m -- sh -c 'echo $$ > ${trace}; ${command}'`;
    const child = place.start(script, github());
    const ended = finish(child);
    await until(() => expect(existsSync(trace) && readFileSync(trace, 'utf8')).toMatch(/\n/));
    expect(await place.roles()).toHaveLength(1);
    return { child, ended, pid: Number(readFileSync(trace, 'utf8')) };
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s has no access any more when jit ends', async (signal, code) => {
    const { child, ended } = await running('exec sleep 60');
    child.kill(signal);
    const ran = await ended;
    expect(ran.code).toBe(code);
    await expectNothingLeft();
    expectClean(ran);
  });

  test('loses its access within seconds though its command ignores every signal', async () => {
    const { child, ended } = await running('trap "" INT TERM HUP; while :; do sleep 1; done');
    child.kill('SIGINT');
    await until(async () => expect(await place.roles()).toEqual([]), 10_000);
    expect((await ended).code).toBe(124);
  });

  test('with kill -9 of the command is cleaned up by jit', async () => {
    const { ended, pid } = await running('exec sleep 60');
    process.kill(pid, 'SIGKILL');
    expect((await ended).code).toBe(137);
    await expectNothingLeft();
  });

  test('with kill -9 of jit is cleaned up by jit ci cleanup, which says so', async () => {
    const { child, ended, pid } = await running('exec sleep 60');
    child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    expect((await ended).code).toBe(137);
    expect(await place.roles()).toHaveLength(1);
    const cleaned = await place.run('jit ci cleanup', github());
    expect(cleaned).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^revoked g\w+ \(orders-db:read\)\n$/),
    });
    await expectNothingLeft();
    const again = await place.run('jit ci cleanup --json', github());
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ revoked: [], ending: [], overdue: [] });
  });

  test('with kill -9 of jit is cleaned up by the next jit, whatever it does', async () => {
    const { child, ended, pid } = await running('exec sleep 60');
    child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await ended;
    expect((await place.run('jit targets', github())).code).toBe(0);
    await expectNothingLeft();
  });

  test('while its target takes its time is told what may be left, and cleaned up later', async () => {
    const postmaster = Number(
      readFileSync(path.join(place.server.dir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0],
    );
    const intents = async (): Promise<number> => {
      const { stdout } = await place.run('grep -ac lease.intent "$TMPDIR"/jit-*/jit.db-wal', github());
      return Number(stdout);
    };
    await place.run('jit targets', github());
    process.kill(postmaster, 'SIGSTOP');
    try {
      const child = place.start('exec jit elevate orders-db:read --for 5m -- touch "$TMPDIR/ran"', github());
      const ended = finish(child);
      await until(async () => expect(await intents()).toBeGreaterThan(0));
      child.kill('SIGTERM');
      const ran = await ended;
      expect(ran.code).toBe(143);
      expect(ran.stderr).toContain('jit ci cleanup');
    } finally {
      process.kill(postmaster, 'SIGCONT');
    }
    expect((await place.run('jit ci cleanup', github())).code).toBe(0);
    await expectNothingLeft();
    expect(existsSync(path.join(place.temp, 'ran'))).toBe(false);
  });

  test('and whose target is down is told what is left, and cleaned up later', async () => {
    const { child, ended, pid } = await running('exec sleep 60');
    child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await ended;
    await place.server.halt('immediate');
    const failed = await place.run('jit ci cleanup --for 1s', github());
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('could not be taken back');
    await place.server.start();
    const cleaned = await place.run('jit ci cleanup', github());
    expect(cleaned.code).toBe(0);
    await expectNothingLeft();
  });
});

test('jit ci cleanup leaves the grants of other jobs alone', async () => {
  const state = { ...github(), JIT_BROKER: 'resident' };
  const other = { ...state, GITHUB_JOB: 'other' };
  const keep = 'jit elevate orders-db:read --for 5m --keep --json > /dev/null';
  try {
    expect((await place.run(keep, state)).code).toBe(0);
    expect((await place.run(keep, other)).code).toBe(0);
    const roles = await place.roles();
    expect(roles).toHaveLength(2);
    const cleaned = await place.run('jit ci cleanup --json', state);
    expect(cleaned.code).toBe(0);
    expect((JSON.parse(cleaned.stdout) as { revoked: object[] }).revoked).toHaveLength(1);
    expect(await place.roles()).toHaveLength(1);
  } finally {
    await place.run('jit broker stop', state);
  }
  await expectNothingLeft();
});

test('nothing secret lies in the folder of the job', async () => {
  const { searchFolder } = await import('../support/needles.ts');
  expect(searchFolder(place.temp, place.needles())).toEqual([]);
  expect(readdirSync(place.temp)).not.toEqual([]);
  writeFileSync(path.join(place.temp, 'proof'), place.issuer.requestToken);
  expect(searchFolder(place.temp, place.needles())).toHaveLength(1);
});
