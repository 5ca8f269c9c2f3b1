// `jit extend` on AWS: what a child is served, and what is left when the broker dies in between.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import type { AwsHandle } from '../../src/providers/aws/index.ts';
import { openStore } from '../../src/store/open.ts';
import { systemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import { createFakeAwsUser, type FakeAwsUser } from '../support/fake-aws-user.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';

const minute = 60_000;

let user: FakeAwsUser;
afterEach(async () => {
  await user.world.remove();
  await user.aws.close();
});

const wanted = wish({ target: 'aws-prod', role: 'deploy', duration: 5 * minute });

/** What the child's SDK would be told. Not by `fetch`, which says that it might be a browser. */
async function served({ env }: ElevateReply): Promise<{ AccessKeyId: string; Expiration: string }> {
  const authorization = readFileSync(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '', 'latin1');
  const asked = get(env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '', { headers: { authorization } });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return (await json(response)) as never;
}

const usable = () => user.aws.account.usable().map(({ accessKeyId }) => accessKeyId);

describe('a grant on AWS', () => {
  it('is extended in place: the endpoint serves keys for the new end, and one revoke takes all', async () => {
    user = await createFakeAwsUser();
    const client = await user.world.client();
    const reply = await client.elevate(wanted);
    const first = await served(reply);
    const grant = await client.extend({ grant: reply.grant.id, duration: 20 * minute, reason: null });
    const second = await served(reply);
    expect(second.AccessKeyId).not.toBe(first.AccessKeyId);
    expect(Date.parse(second.Expiration)).toBe(Math.floor((grant.deadline ?? 0) / 1000) * 1000);
    expect(usable()).toHaveLength(2);
    await client.revoke({ grant: grant.id, all: false, cause: 'revoked' });
    await until(() => expect(usable()).toEqual([]));
  });

  it('is not extended beyond what the policy gives for the whole of it', async () => {
    user = await createFakeAwsUser();
    const client = await user.world.client();
    const { grant } = await client.elevate(wanted);
    const asked = client.extend({ grant: grant.id, duration: 61 * minute, reason: null });
    await expect(asked).rejects.toMatchObject({ code: 'ERR_POLICY_DENIED' });
    expect(user.aws.account.live()).toHaveLength(1);
  });

  it('is not extended when its keys were exported, and the message says what to do', async () => {
    user = await createFakeAwsUser();
    const { world } = user;
    const client = await world.client();
    const { grant } = await client.elevate({ ...wanted, export: 'env' });
    const ran = await world.jit('extend', grant.id, '--for', '20m');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('cannot be extended: its keys were handed out with their end');
    expect(ran.stderr).toContain('jit: hint: jit elevate aws-prod:deploy');
    expect(user.aws.account.live()).toHaveLength(1);
  });

  it('is taken back whole when nobody knows whether AWS made another session', async () => {
    user = await createFakeAwsUser();
    const client = await user.world.client();
    const { grant } = await client.elevate(wanted);
    user.aws.fault({ action: 'AssumeRole', kind: 'lost', times: 4 });
    const asked = client.extend({ grant: grant.id, duration: 20 * minute, reason: null });
    await expect(asked).rejects.toMatchObject({ code: 'ERR_REVOKE_INCOMPLETE' });
    expect(usable()).toHaveLength(5);
    expect((await client.status()).grants[0]?.deadline).toBe(grant.deadline);
    await client.revoke({ grant: grant.id, all: false, cause: 'revoked' });
    await until(() => expect(usable()).toEqual([]));
  });

  it('keeps its old end, and says why, when AWS makes no other session', async () => {
    user = await createFakeAwsUser();
    const client = await user.world.client();
    const reply = await client.elevate(wanted);
    const role = user.aws.account.roles.get('jit-deploy');
    if (role) role.trust = { Statement: [] };
    const asked = client.extend({ grant: reply.grant.id, duration: 20 * minute, reason: null });
    await expect(asked).rejects.toMatchObject({ code: 'ERR_TARGET_REFUSED' });
    expect((await client.status()).grants[0]?.deadline).toBe(reply.grant.deadline);
    expect((await served(reply)).AccessKeyId).toBe(user.aws.account.live()[0]?.accessKeyId);
  });
});

describe('a broker that dies while it extends', () => {
  it.each(['extend.written', 'extend.made', 'extend.recorded'])(
    'at %s leaves a record that covers every session, and its successor takes them back',
    async (point) => {
      user = await createFakeAwsUser('dist-test');
      const { world, aws } = user;
      const first = world.startBroker({ JIT_FAILPOINT: `${point}=kill` });
      const gone = ended(first);
      const client = await up();
      const { grant } = await client.elevate(wanted);
      await expect(
        client.extend({ grant: grant.id, duration: 20 * minute, reason: null }),
      ).rejects.toBeTruthy();
      expect(await gone).toBe('SIGKILL');
      const ends = aws.account.live().map(({ expiration }) => expiration ?? 0);
      expect(ends).toHaveLength(point === 'extend.written' ? 1 : 2);
      expect(endsBy()).toBeGreaterThanOrEqual(Math.max(...ends));
      expect(usable()).toHaveLength(ends.length);

      const successor = world.startBroker();
      const over = ended(successor);
      await up();
      await until(() => expect(usable()).toEqual([]));
      await until(async () => expect((await (await up()).status()).grants).toEqual([]));
      successor.kill('SIGTERM');
      await over;
      expect(lease().state).toBe('revoked');
    },
  );
});

/** The client of the broker that runs, once one does. */
async function up() {
  const client = await user.world.client({ start: false }).catch(() => null);
  if (client) return client;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return up();
}

function ended(broker: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => broker.once('close', (_code, signal) => resolve(signal)));
}

function lease() {
  const store = openStore({
    path: user.world.paths.database,
    clock: systemClock,
    random: systemRandom,
    readOnly: true,
  });
  const [found] = store.leases();
  store.close();
  if (!found) throw new Error('there is no lease');
  return found;
}

const endsBy = (): number => (lease().handle as AwsHandle).ends_by;
