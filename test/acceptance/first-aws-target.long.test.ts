// From nothing to a session, as the documents tell it: what `jit init aws` prints is run as it is by a real AWS CLI
// against moto, the access key goes from `aws iam create-access-key` into a real keychain, and the target works.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeAtOnce } from '../support/aws-user.ts';
import { type Keyring, noKeyring, startKeyring } from '../support/keyring.ts';
import { account, type Moto, startMoto } from '../support/moto.ts';
import { noPeers, peersPath } from '../support/peers.ts';
import { createWorld, finish, type World } from '../support/world.ts';

const absent = noPeers ?? noKeyring;
const bin = path.join(import.meta.dirname, '../../bin/jit.js');
const arn = `arn:aws:iam::${account}`;

describe.skipIf(absent)(`a first AWS target${absent ? ` (skipped: ${absent})` : ''}`, () => {
  let moto: Moto;
  let keyring: Keyring;
  let world: World;
  beforeAll(async () => {
    [moto, keyring] = await Promise.all([startMoto(), startKeyring()]);
    world = createWorld('version: 1\n');
    writeFileSync(path.join(world.dir, 'jit'), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`, {
      mode: 0o755,
    });
    Object.assign(world.env, keyring.env, {
      PATH: `${world.dir}:${peersPath}`,
      AWS_ENDPOINT_URL: moto.url,
      AWS_DEFAULT_REGION: 'eu-west-1',
    });
  });
  afterAll(async () => {
    if (world) await removeAtOnce(world);
    await moto?.stop();
    await keyring?.close();
  });

  /** A line that a person types and that ends well. */
  async function sh(line: string, env: Record<string, string> = {}): Promise<string> {
    const child = spawn('sh', ['-c', line], { env: { ...world.env, ...env }, cwd: world.dir });
    const { code, stdout, stderr } = await finish(child);
    expect(code, `${line}\n${stderr}`).toBe(0);
    return stdout;
  }

  // Eight starts of the AWS CLI, each a second or two of Python on a busy machine.
  test('works after four commands', async () => {
    const roles = `--role deploy=${arn}:role/team/jit-deploy --role look=${arn}:role/jit-look`;
    const flags = `${roles} --region eu-west-1 --credentials keychain:jit/aws-prod --external-id acme+1`;
    const printed = await sh(
      `jit init aws aws-prod ${flags} --broker-arn ${arn}:user/jit-broker --print cli --force`,
    );

    // The administrator, whom moto does not ask for rights yet.
    const admin = { AWS_ACCESS_KEY_ID: 'admin', AWS_SECRET_ACCESS_KEY: 'admin' };
    await sh('aws iam create-user --user-name jit-broker', admin);
    await sh(`set -e\n${printed}`, admin);
    const rights = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
    const attach = (role: string) =>
      `aws iam put-role-policy --role-name ${role} --policy-name rights --policy-document '${rights}'`;
    await sh(`${attach('jit-deploy')} && ${attach('jit-look')}`, admin);
    const create = 'aws iam create-access-key --user-name jit-broker';
    const made = JSON.parse(await sh('aws iam get-role --role-name jit-deploy', admin)) as {
      Role: { Path: string; AssumeRolePolicyDocument: { Statement: { Condition: object }[] } };
    };
    expect(made.Role.Path).toBe('/team/');
    expect(made.Role.AssumeRolePolicyDocument.Statement[0]?.Condition).toEqual({
      StringLike: { 'sts:SourceIdentity': '?*', 'aws:RequestTag/jit:lease': 'l?*' },
      StringEquals: { 'sts:ExternalId': 'acme+1' },
    });
    expect(await sh(`${create} | jit secret set keychain:jit/aws-prod --aws`, admin)).toBe('');
    await moto.enforce();

    // Where moto is stands in no configuration that init writes.
    const config = readFileSync(world.paths.configFile, 'utf8');
    const endpoints = `    endpoints: { sts: "${moto.url}", iam: "${moto.url}" }\n`;
    const complete = config.replace('    provider: aws\n', `    provider: aws\n${endpoints}`);
    world.writeConfig(complete);
    const checked = await sh('jit doctor aws-prod');
    expect(checked).toContain(`credentials: ${arn}:user/jit-broker`);
    expect(checked).toContain('ok       role deploy: taking back');
    // moto evaluates no condition of a Deny: the one for this session would be one for all.
    world.writeConfig(complete.replaceAll('revoke: deny-session', 'revoke: none'));
    const said = await sh(
      'jit elevate aws-prod:look --for 5m --reason first -- aws sts get-caller-identity --output text --query Arn',
    );
    expect(said).toMatch(/:assumed-role\/jit-look\/.+\+l/);
  }, 120_000);
});
