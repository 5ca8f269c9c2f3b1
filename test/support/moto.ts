// moto's server as AWS: started on a free port, prepared through its API, then told to enforce IAM; ended for certain.
//
// What moto 5.2.5 evaluates (moto/iam/access_control.py): signatures; Action and Resource of the inline and attached
// policies of the caller's user or role, a Deny before an Allow; of a role's trust policy the Principal, and of its
// conditions StringEquals on sts:ExternalId alone. It ignores every other Condition, so that a Deny with conditions
// denies everybody; session policies, tags and SourceIdentity; and the expiry of a session. A refusal does not say
// "with an explicit deny". What depends on these is proven on the fake of test/fakes/sts.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { motoServer, peersPath } from './peers.ts';

/** moto's only account. */
export const account = '123456789012';

const noMatter = { accessKeyId: 'before', secretAccessKey: 'enforcement' };

export interface AccessKey {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
}

export interface Moto {
  readonly url: string;
  /** Makes an IAM user with these rights or none, and a key of it. */
  addUser(name: string, rights: object | null): Promise<AccessKey>;
  addRole(name: string, trust: object, rights: object): Promise<void>;
  iam(key: AccessKey): IAMClient;
  /** From now on every call needs a signature and a policy that allows it. */
  enforce(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const child = spawn(motoServer, ['--host', '127.0.0.1', '--port', '0'], {
    env: { PATH: peersPath, HOME: '/nonexistent' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const url = await listening(child, () => log);
  const clientFor = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    new IAMClient({ endpoint: url, region: 'eu-west-1', credentials, maxAttempts: 1 });
  const admin = clientFor(noMatter);
  return {
    url,
    async addUser(name, rights) {
      await admin.send(new CreateUserCommand({ UserName: name }));
      if (rights !== null) {
        const policy = { PolicyName: 'rights', PolicyDocument: JSON.stringify(rights) };
        await admin.send(new PutUserPolicyCommand({ UserName: name, ...policy }));
      }
      const { AccessKey } = await admin.send(new CreateAccessKeyCommand({ UserName: name }));
      return {
        AccessKeyId: AccessKey?.AccessKeyId ?? '',
        SecretAccessKey: AccessKey?.SecretAccessKey ?? '',
      };
    },
    async addRole(name, trust, rights) {
      const assumable = { AssumeRolePolicyDocument: JSON.stringify(trust) };
      await admin.send(new CreateRoleCommand({ RoleName: name, ...assumable }));
      const policy = { PolicyName: 'rights', PolicyDocument: JSON.stringify(rights) };
      await admin.send(new PutRolePolicyCommand({ RoleName: name, ...policy }));
    },
    iam: ({ AccessKeyId, SecretAccessKey }) =>
      clientFor({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey }),
    async enforce() {
      // The number of calls that are still answered without a look.
      const { status } = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
      if (status !== 200) throw new Error(`moto does not enforce: ${status}`);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      // It holds nothing that would have to be written.
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function listening(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', () => {
      const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(log())?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`moto ended with ${code}: ${log().slice(-500)}`)));
  });
}
