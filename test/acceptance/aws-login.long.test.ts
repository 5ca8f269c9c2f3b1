// How the broker of the built command logs in by itself: what the SDK finds below HOME, in each of its forms.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeAwsUser, type FakeAwsUser } from '../support/fake-aws-user.ts';

let user: FakeAwsUser;
afterEach(async () => {
  await user.world.remove();
  await user.aws.close();
});

/** The same target, whose broker logs in as the line says; files below `~/.aws`. */
function logInBy(line: string, files: Readonly<Record<string, string>>): void {
  const { world } = user;
  const text = readFileSync(world.paths.configFile, 'utf8');
  world.writeConfig(text.replace(/^ {4}credentials: file:.*$/m, `    ${line}`));
  const folder = path.join(world.env['HOME'] ?? '', '.aws');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), content, { mode: 0o600 });
  }
}

const keys = (): string =>
  `aws_access_key_id = ${user.key.AccessKeyId}\naws_secret_access_key = ${user.key.SecretAccessKey}\n`;
const elevate = () => user.world.jit('elevate', 'aws-prod:look', '--for', '1m', '--', 'true');

describe('the broker', () => {
  test('takes a named profile of the user', async () => {
    user = await createFakeAwsUser();
    logInBy('profile: prod', { credentials: `[prod]\n${keys()}` });
    expect(await elevate()).toMatchObject({ code: 0 });
    expect(user.aws.account.live()).toHaveLength(1);
  });

  test('takes what the chain of the SDK finds when the config names nothing', async () => {
    user = await createFakeAwsUser();
    logInBy('credentials: default', { credentials: `[default]\n${keys()}` });
    expect(await elevate()).toMatchObject({ code: 0 });
  });

  test('takes a profile whose keys a program prints', async () => {
    user = await createFakeAwsUser();
    const printed = path.join(user.world.dir, 'printed.json');
    writeFileSync(printed, JSON.stringify({ Version: 1, ...user.key }), { mode: 0o600 });
    logInBy('profile: prod', { config: `[profile prod]\ncredential_process = /bin/cat ${printed}\n` });
    expect(await elevate()).toMatchObject({ code: 0 });
  });

  test('says how to log in when the profile is not there', async () => {
    user = await createFakeAwsUser();
    logInBy('profile: prod', { credentials: '' });
    const ran = await elevate();
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('profile');
    expect(ran.stderr).not.toContain('bug in jit');
  });
});
