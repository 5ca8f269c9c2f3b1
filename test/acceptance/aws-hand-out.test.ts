// How a session of AWS reaches people and programs, through the real command line: keys in the environment, a
// credential_process, a link to the console. And that none of it is found where it does not belong.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeAwsUser, type FakeAwsUser } from '../support/fake-aws-user.ts';
import { searchBytes, searchFolder, searchProcesses } from '../support/needles.ts';
import { until } from '../support/until.ts';
import { finish, type Ran } from '../support/world.ts';

let user: FakeAwsUser;
beforeAll(async () => {
  user = await createFakeAwsUser();
});
afterAll(async () => {
  await user.world.remove();
  await user.aws.close();
});

const script = (code: string): string[] => [process.execPath, '--input-type=module', '-e', code];
const showEnvironment = script('process.stdout.write(JSON.stringify(process.env))');
const providers = path.join(
  import.meta.dirname,
  '../../node_modules/@aws-sdk/credential-providers/dist-cjs/index.js',
);
/** What the SDK for JavaScript finds under the profile. */
const askProfile = script(`
  import sdk from ${JSON.stringify(providers)};
  const found = await sdk.fromIni({ profile: 'jit' })();
  process.stdout.write(JSON.stringify(found));
  if (process.argv[1] === 'stay') process.stdin.once('data', () => process.exit(0));
`);

const elevate = (...args: string[]): Promise<Ran> => user.world.jit('elevate', 'aws-prod:deploy', ...args);
const secretsOf = (accessKeyId: string): string[] => {
  const found = user.aws.account.identities.get(accessKeyId);
  return [found?.secretAccessKey ?? '', found?.token ?? ''];
};
/** Where the keys lie on disk, and in command lines and environments of processes that run. */
const leaks = (needles: readonly string[]): string[] => [
  ...searchFolder(user.world.dir, needles),
  ...searchProcesses(needles),
];

describe('--export env', () => {
  it('puts keys that AWS takes into the environment of the child alone, and opens no endpoint', async () => {
    const ran = await elevate('--for', '20m', '--export', 'env', '--', ...showEnvironment);
    expect(ran.code, ran.stderr).toBe(0);
    const env = JSON.parse(ran.stdout) as Record<string, string>;
    const id = env['AWS_ACCESS_KEY_ID'] ?? '';
    const [secret = '', token = ''] = secretsOf(id);
    expect(env).toMatchObject({ AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token });
    expect(Date.parse(env['AWS_CREDENTIAL_EXPIRATION'] ?? '') - Date.now()).toBeGreaterThan(18 * 60_000);
    expect(Object.keys(env).filter((name) => name.startsWith('AWS_CONTAINER'))).toEqual([]);
    expect(leaks([secret, token])).toEqual([]);
    expect(ran.stderr).not.toContain(secret);
  });

  it('is refused for a kind that AWS does not have, before AWS is asked', async () => {
    const before = user.aws.count('AssumeRole');
    const ran = await elevate('--export', 'url', '--', 'true');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('reference, env');
    expect(user.aws.count('AssumeRole')).toBe(before);
  });
});

describe('the profile "jit"', () => {
  it.each(['reference', 'env'])('is answered by jit in a child with --export %s', async (kind) => {
    const ran = await elevate('--for', '20m', '--export', kind, '--', ...askProfile);
    expect(ran.code, ran.stderr).toBe(0);
    const found = JSON.parse(ran.stdout) as { accessKeyId: string; secretAccessKey: string };
    expect(found.secretAccessKey).toBe(secretsOf(found.accessKeyId)[0]);
    const log = await user.world.jit('audit', 'log', '--json');
    const { events } = JSON.parse(log.stdout) as { events: { body: { type: string } }[] };
    expect(events.map(({ body }) => body.type)).toContain('lease.served');
    expect(searchBytes('audit', log.stdout, secretsOf(found.accessKeyId))).toEqual([]);
  });

  it('gives nothing to another terminal, and nothing after the end', async ({ skip }) => {
    const running = user.world.start([
      'elevate',
      'aws-prod:deploy',
      '--for',
      '20m',
      '--',
      ...askProfile,
      'stay',
    ]);
    const ended = finish(Object.assign(running, { stdin: null }));
    const client = await user.world.client();
    const { hardening } = await client.hello();
    const grant = await until(async () => {
      const [found] = (await client.status()).grants.filter(({ state, keep }) => state === 'active' && !keep);
      if (!found) throw new Error('none yet');
      return found.id;
    });
    const ask = () => user.world.jit('credential', 'aws', '--grant', grant);
    const outside = await ask();
    await client.revoke({ grant, all: false, cause: 'revoked' });
    const late = await ask();
    await ended;
    expect(late).toMatchObject({ code: 124, stdout: '' });
    skip(hardening['peercred'] !== 'on', `the system does not tell who calls: ${hardening['peercred']}`);
    expect(outside).toMatchObject({ code: 3, stdout: '' });
    expect(outside.stderr).toContain('of its own session');
  });
});

describe('jit console', () => {
  const idOf = (text: string): string => /jit revoke (g\w+)/.exec(text)?.[1] ?? '';

  it('prints a link that signs in as the session, and ends with its grant', async () => {
    const ran = await user.world.jit('console', 'aws-prod:deploy', '--for', '20m', '--print');
    expect(ran.code, ran.stderr).toBe(0);
    expect((await fetch(ran.stdout.trim(), { redirect: 'manual' })).status).toBe(302);
    const identity = user.aws.consoles.at(-1)?.identity;
    expect(identity?.role?.name).toBe('jit-deploy');
    expect(user.aws.account.usable().map(({ arn }) => arn)).toContain(identity?.arn);
    expect((await user.world.jit('revoke', idOf(ran.stderr))).code).toBe(0);
    expect(user.aws.account.usable().map(({ arn }) => arn)).not.toContain(identity?.arn);
    const token = new URL(ran.stdout.trim()).searchParams.get('SigninToken') ?? '-';
    expect(leaks([token])).toEqual([]);
  });

  it('says that a role without revocation keeps its console until the deadline', async () => {
    const ran = await user.world.jit('console', 'aws-prod:look', '--for', '5m', '--print');
    expect(ran.stderr).toContain('cannot be withdrawn; ends at');
  });

  it('starts a browser with a page, never with the link', async () => {
    const { world } = user;
    const bin = path.join(world.dir, 'bin');
    mkdirSync(bin);
    const shown = path.join(world.dir, 'shown');
    const opener = `#!/bin/sh\necho "$@" > "${shown}"; cat "$1" >> "${shown}"\n`;
    writeFileSync(path.join(bin, 'xdg-open'), opener, { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env['PATH']}`, DISPLAY: ':0' };
    const argv = ['console', 'aws-prod:deploy', '--for', '20m', '--open'];
    const ran = await finish(world.start(argv, env));
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toBe('');
    const [page = '', ...html] = readFileSync(shown, 'utf8').split('\n');
    expect(page).toMatch(/\/grants\/g\w+\/console-\w+\.html$/);
    expect(html.join('\n')).toContain('SigninToken=');
    const [, token = '-'] = /SigninToken=([\w-]+)/.exec(html.join('\n')) ?? [];
    expect(leaks([token]).toSorted()).toEqual([`${page}: needle 0`, `${shown}: needle 0`].toSorted());
    await world.jit('revoke', idOf(ran.stderr));
    expect(existsSync(page)).toBe(false);
  });

  it('keeps no grant when AWS makes no link', async () => {
    user.aws.fault({ action: 'getSigninToken', kind: 'gateway', times: 2 });
    const before = (await (await user.world.client()).status()).grants.length;
    const ran = await user.world.jit('console', 'aws-prod:deploy', '--for', '20m', '--print');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    const client = await user.world.client();
    await until(async () => expect((await client.status()).grants).toHaveLength(before));
  });
});
