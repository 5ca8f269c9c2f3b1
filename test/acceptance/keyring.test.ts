// Secrets in a real Secret Service, by the command as people run it: written, looked at, read by a broker, removed.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, trustPolicy } from '../../src/providers/aws/setup.ts';
import type { Policy } from '../fakes/sts/policy.ts';
import { type FakeAws, startFakeAws } from '../fakes/sts/server.ts';
import type { Identity } from '../fakes/sts/state.ts';
import { roleOf } from '../support/aws-target.ts';
import { type Keyring, noKeyring, startKeyring } from '../support/keyring.ts';
import { searchFolder } from '../support/needles.ts';
import { missing, openTerminal } from '../support/tmux.ts';
import { createWorld, finish, type Ran, type World } from '../support/world.ts';

const command = path.join(import.meta.dirname, '../../bin/jit.js');
const reference = 'keychain:jit/aws-prod';
const role = roleOptions({ role_arn: roleOf('deploy') });

describe.skipIf(noKeyring)(`a real keychain${noKeyring ? ` (skipped: ${noKeyring})` : ''}`, () => {
  let keyring: Keyring;
  let aws: FakeAws;
  let world: World;
  let first: Identity;
  beforeAll(async () => {
    keyring = await startKeyring();
    aws = await startFakeAws();
    first = addBroker();
    world = createWorld(`
version: 1
targets:
  aws-prod:
    provider: aws
    region: eu-west-1
    credentials: ${reference}
    endpoints: { sts: "${aws.url}", iam: "${aws.url}" }
    roles:
      deploy: { role_arn: "${role.role_arn}" }
entitlements:
  - { name: me, who: [$ME], roles: ["aws-prod:deploy"], max_duration: 1h }
`);
    Object.assign(world.env, keyring.env);
  });
  afterAll(async () => {
    await world?.remove();
    await aws?.close();
    await keyring?.close();
  });

  /** The broker's user with a new access key, and the role that it may assume. */
  function addBroker(): Identity {
    const user = aws.account.addUser('jit-broker', [brokerPolicy([role]) as Policy]);
    const everything = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } as Policy;
    aws.account.addRole('deploy', trustPolicy(role, user.arn) as Policy, [everything]);
    return user;
  }

  function jit(args: readonly string[], input = ''): Promise<Ran> {
    const child = spawn(process.execPath, [command, ...args], { env: world.env, cwd: world.dir });
    child.stdin.end(input);
    return finish(child);
  }

  const keyOf = ({ accessKeyId, secretAccessKey }: Identity): string =>
    JSON.stringify({ AccessKey: { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } });
  const issue = () => jit(['elevate', 'aws-prod', '--for', '1m', '--', 'true']);

  test('keeps a text until it is removed, and says 4 when it is not there', async () => {
    const set = await jit(['secret', 'set', 'keychain:jit/a b'], 'hunter2');
    expect(set.code).toBe(2);
    const text = 'keychain:jit/orders-db';
    expect(await jit(['secret', 'check', text])).toMatchObject({ code: 4, stdout: '' });
    expect(await jit(['secret', 'set', text], 'hunter2\n')).toEqual({
      code: 0,
      stdout: '',
      stderr: `jit: stored ${text}\n`,
    });
    expect(await jit(['secret', 'check', text])).toMatchObject({ code: 0, stdout: `${text} can be read\n` });
    expect((await jit(['secret', 'remove', text])).code).toBe(0);
    expect((await jit(['secret', 'check', text])).code).toBe(4);
    expect((await jit(['secret', 'remove', text])).code).toBe(4);
  });

  test('gives the broker its access key, and a new one as soon as AWS refuses the old', async () => {
    const missed = await issue();
    expect(missed.code).toBe(4);
    expect(missed.stderr).toContain(`jit secret set ${reference}`);
    const set = await jit(['secret', 'set', reference, '--aws'], keyOf(first));
    expect(set.code, set.stderr).toBe(0);
    expect(set.stderr).toContain(first.accessKeyId.slice(-4));
    expect(await issue()).toMatchObject({ code: 0 });

    aws.account.identities.delete(first.accessKeyId);
    const second = addBroker();
    expect((await issue()).code).toBe(4);
    expect((await jit(['secret', 'set', reference, '--aws'], keyOf(second))).code).toBe(0);
    expect(await issue()).toMatchObject({ code: 0 });
    expect((await jit(['secret', 'check', reference])).stdout).toContain(second.accessKeyId.slice(-4));
    expect(searchFolder(world.dir, [first.secretAccessKey, second.secretAccessKey])).toEqual([]);
    expect((await jit(['secret', 'remove', reference])).code).toBe(0);
  });

  test('is told from no Secret Service at all', async () => {
    const env = { ...world.env, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' };
    const child = spawn(process.execPath, [command, 'secret', 'check', reference], { env });
    child.stdin.end();
    const ran = await finish(child);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('a file of mode 600');
  });

  const noTmux = missing('tmux', 'bash');
  test.skipIf(noTmux)(
    `takes what is typed, and shows none of it${noTmux ? ` (skipped: ${noTmux})` : ''}`,
    async () => {
      const script = path.join(world.dir, 'jit');
      writeFileSync(script, `#!/bin/sh\nexec "${process.execPath}" "${command}" "$@"\n`, { mode: 0o755 });
      const terminal = await openTerminal({
        command: ['bash', '--norc', '--noprofile'],
        env: world.env as Record<string, string>,
        cwd: world.dir,
      });
      try {
        await terminal.line(`./jit secret set ${reference} --aws; echo "code=$?"`);
        await terminal.waitFor(/Access key id/);
        await terminal.line(first.accessKeyId);
        await terminal.waitFor(/Secret access key/);
        await terminal.line(first.secretAccessKey);
        await terminal.waitFor(/^code=0$/m);
        expect(await terminal.screen()).not.toContain(first.secretAccessKey.slice(0, 8));
      } finally {
        await terminal.close();
      }
      expect((await jit(['secret', 'check', reference])).stdout).toContain(first.accessKeyId.slice(-4));
    },
  );
});
