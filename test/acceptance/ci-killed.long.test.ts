// A job whose jit is killed at every named point of its way, with the broker inside of it: the last step of the job, or
// the next jit, takes back whatever there is.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CiPlace, createCiPlace } from '../support/ci-job.ts';
import { searchFolder } from '../support/needles.ts';
import { until } from '../support/until.ts';
import { finish } from '../support/world.ts';

let place: CiPlace;
beforeAll(async () => {
  place = await createCiPlace('dist-test');
});
afterAll(() => place.close());

const job = (): Record<string, string> => ({ ...place.issuer.githubEnv, RUNNER_TEMP: place.temp });
const line = 'jit elevate orders-db:read --for 5m -- true';

const points = [
  'start.before-listen',
  'elevate.before-intent',
  'elevate.after-intent',
  'issue.answered',
  'elevate.after-issue',
  'elevate.endpoints-open',
  'elevate.files-written',
  'elevate.after-hand-out',
  'revoke.before-revoking',
  'revoke.after-revoking',
  'revoke.confirmed',
  'revoke.after-record',
];

/** Folders of grants that are still there. */
async function handOuts(): Promise<string> {
  return (await place.run('find "$TMPDIR"/jit-* -path "*grants/*"')).stdout;
}

test.each(points)('killed at %s, jit ci cleanup leaves nothing', async (point) => {
  const killed = await place.run(line, { ...job(), JIT_FAILPOINT: `${point}=kill` });
  expect(killed.code).toBe(137);
  const cleaned = await place.run('jit ci cleanup', job());
  expect(cleaned).toMatchObject({ code: 0, stderr: '' });
  expect(await place.roles()).toEqual([]);
  expect(await handOuts()).toBe('');
});

test('killed again while it cleans up, the next one leaves nothing', async () => {
  for (const point of ['recover.start', 'recover.after-lease', 'revoke.confirmed']) {
    await place.run(line, { ...job(), JIT_FAILPOINT: 'elevate.after-hand-out=kill' });
    expect(await place.roles()).toHaveLength(1);
    const killed = await place.run('jit ci cleanup', { ...job(), JIT_FAILPOINT: `${point}=kill` });
    expect(killed.code).toBe(137);
    expect((await place.run('jit ci cleanup', job())).code).toBe(0);
    expect(await place.roles()).toEqual([]);
  }
});

test('a token that was used is known to the next jit, though the first was killed at once', async () => {
  const token = await place.issuer.github('jit.acme.example');
  const env = { CI: 'true', JIT_ID_TOKEN: token };
  await place.run(line, { ...env, JIT_FAILPOINT: 'elevate.after-intent=kill' });
  const again = await place.run(line, env);
  expect(again.code).toBe(3);
  expect(again.stderr).toContain('used before');
  expect(await place.roles()).toEqual([]);
});

test('commands beside each other share the broker, and the one that brought it waits for the other', async () => {
  const mark = (name: string): string => path.join(place.temp, name);
  const first = place.start(
    `jit elevate orders-db:read --for 5m -- sh -c 'touch first; while [ ! -e second ]; do sleep 0.05; done'`,
    job(),
  );
  const firstEnded = finish(first);
  await until(() => expect(existsSync(mark('first'))).toBe(true));
  const count = `psql -XAtc "SELECT count(*) FROM orders"`;
  const second = place.start(
    `jit elevate orders-db:read --for 5m -- sh -c 'touch second; while [ ! -e third ]; do sleep 0.05; done; ${count}'`,
    job(),
  );
  const secondEnded = finish(second);
  // The first command is over by now; its jit is not.
  await until(async () => expect(await place.roles()).toHaveLength(1));
  expect(first.exitCode).toBeNull();
  expect((await place.run('touch third')).code).toBe(0);
  expect(await secondEnded).toMatchObject({ code: 0, stdout: '100\n' });
  expect((await firstEnded).code).toBe(0);
  expect(await place.roles()).toEqual([]);
});

test('nothing secret was written down, the broker\u2019s own secret apart', async () => {
  expect(searchFolder(place.temp, place.needles())).toEqual([]);
  expect(readFileSync(path.join(place.dir, 'jit.yaml'), 'utf8')).not.toContain(place.needles()[0]);
});
