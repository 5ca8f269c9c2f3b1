// A user of jit beside moto, with real clients in PATH, for all tests of a file. Call it where `beforeAll` may stand.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll } from 'vitest';
import { roleOptions } from '../../src/providers/aws/schema.ts';
import { brokerPolicy, trustPolicy } from '../../src/providers/aws/setup.ts';
import { type AccessKey, account, type Moto, startMoto } from './moto.ts';
import { noPeers, peersPath } from './peers.ts';
import { createWorld, finish, type Ran, type World } from './world.ts';

/** What the hooks have started; to be read inside tests only. */
export interface AwsUser {
  readonly moto: Moto;
  readonly world: World;
  /** Whoever may do everything, to look with. */
  readonly admin: IAMClient;
  /** One more user with the same configuration and no broker yet. */
  another(): World;
}

export const arnOf = (role: string): string => `arn:aws:iam::${account}:role/${role}`;
const roles = [
  { name: 'jit-look', options: roleOptions({ role_arn: arnOf('jit-look') }) },
  { name: 'jit-deploy', options: roleOptions({ role_arn: arnOf('jit-deploy'), revoke: 'deny-session' }) },
];
/** What an administrator may do. */
export const everything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** `aws-prod` has a role that cannot be withdrawn, `aws-strict` one whose sessions are denied. */
function configFor(url: string, keyFile: string): string {
  const target = (name: string, role: string) => `
  ${name}:
    provider: aws
    region: eu-west-1
    credentials: file:${keyFile}
    endpoints: { sts: "${url}", iam: "${url}" }
    roles:
      ${role}`;
  return `
version: 1
targets:
  ${target('aws-prod', `look: { role_arn: "${arnOf('jit-look')}" }`)}
  ${target('aws-strict', `deploy: { role_arn: "${arnOf('jit-deploy')}", revoke: deny-session }`)}
entitlements:
  - name: me
    who: [$ME]
    roles: [aws-prod:look, aws-strict:deploy]
    max_duration: 1h
`;
}

/** A user of jit whose broker has this key, which is in `keyFile`. */
export function createAwsWorld({ url }: Moto, key: AccessKey): World & { readonly keyFile: string } {
  const world = createWorld('version: 1\n');
  const keyFile = path.join(world.dir, 'broker-key.json');
  writeFileSync(keyFile, JSON.stringify(key), { mode: 0o600 });
  world.writeConfig(configFor(url, keyFile));
  // For the clients alone: the broker has its URLs from the config.
  Object.assign(world.env, { PATH: peersPath, AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_STS: url });
  return { ...world, keyFile };
}

/** The broker's IAM user with its rights and key, and roles with the trust that `jit init aws` prints. */
export function serveAws(): AwsUser {
  let moto: Moto | undefined;
  let key: AccessKey | undefined;
  let admin: IAMClient | undefined;
  const worlds: World[] = [];
  const another = (): World => {
    const world = createAwsWorld(given(moto), given(key));
    worlds.push(world);
    return world;
  };
  beforeAll(async () => {
    if (noPeers) return;
    moto = await startMoto();
    const rights = brokerPolicy(roles.map(({ options }) => options));
    key = await moto.addUser('jit-broker', rights);
    for (const { name, options } of roles) {
      await moto.addRole(name, trustPolicy(options, `arn:aws:iam::${account}:user/jit-broker`), everything);
    }
    admin = moto.iam(await moto.addUser('admin', everything));
    await moto.enforce();
    another();
  });
  afterAll(async () => {
    await Promise.all(worlds.map(removeAtOnce));
    await moto?.stop();
  });
  return {
    get moto() {
      return given(moto);
    },
    get world() {
      return given(worlds[0]);
    },
    get admin() {
      return given(admin);
    },
    another,
  };
}

function given<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('the hooks have not run yet');
  return thing;
}

/** Brokers have leases left that moto never says are gone, and would try for long to end them first. */
export async function removeAtOnce(world: World): Promise<void> {
  const running = await world.client({ start: false }).catch(() => null);
  if (running !== null) process.kill((await running.hello()).pid, 'SIGKILL');
  await world.remove();
}

/** A grant that stays when the command has ended, and the environment of whoever uses it. */
export interface Kept {
  readonly id: string;
  readonly session: string;
  readonly env: NodeJS.ProcessEnv;
  /** Starts a command with it, as the user's shell would. */
  start(command: readonly string[], env?: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams;
  /** The same, to its end. */
  run(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
}

/** `jit elevate <what> --keep --json`. */
export async function keepGrant(world: World, ...what: string[]): Promise<Kept> {
  const { code, stdout, stderr } = await world.jit('elevate', ...what, '--keep', '--json');
  if (code !== 0) throw new Error(stderr);
  const reply = JSON.parse(stdout) as {
    readonly grant: { readonly id: string; readonly leases: readonly { readonly name: string }[] };
    readonly env: Readonly<Record<string, string>>;
    readonly unset: readonly string[];
  };
  const env: NodeJS.ProcessEnv = { ...world.env };
  for (const name of reply.unset) delete env[name];
  Object.assign(env, reply.env);
  const start: Kept['start'] = ([program = '', ...args], more = {}) =>
    spawn(program, args, { env: { ...env, ...more }, cwd: world.dir, stdio: 'pipe' });
  return {
    id: reply.grant.id,
    session: reply.grant.leases[0]?.name ?? '',
    env,
    start,
    run: (command, more) => finish(start(command, more)),
  };
}
