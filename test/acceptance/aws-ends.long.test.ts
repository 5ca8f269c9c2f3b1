// The two ends of a session of AWS, that of the grant and that of the keys: what the audit log and people are told, and
// what AWS does at the first of them. The fake evaluates `aws:CurrentTime` in session policies.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { GetAccessKeyInfoCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { withoutDays } from '../support/days.ts';
import { createFakeAwsUser, type FakeAwsUser } from '../support/fake-aws-user.ts';
import { wish } from '../support/request.ts';
import { until } from '../support/until.ts';

const minute = 60_000;

let user: FakeAwsUser;
let client: Client;
beforeEach(async () => {
  user = await createFakeAwsUser();
  client = await user.world.client();
});
afterEach(async () => {
  await user.world.remove();
  await user.aws.close();
});

/** The keys that a child is served. Not by `fetch`, which says that it might be a browser. */
async function keysOf({ env }: ElevateReply) {
  const authorization = readFileSync(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'] ?? '', 'latin1');
  const asked = get(env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '', { headers: { authorization } });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const { AccessKeyId, SecretAccessKey, Token } = (await json(response)) as Record<string, string>;
  return {
    accessKeyId: AccessKeyId ?? '',
    secretAccessKey: SecretAccessKey ?? '',
    sessionToken: Token ?? '',
  };
}

/** A request that AWS allows unless a policy denies it. */
async function call(credentials: Awaited<ReturnType<typeof keysOf>>): Promise<string> {
  const sts = new STSClient({ region: 'eu-west-1', endpoint: user.aws.url, credentials, maxAttempts: 1 });
  try {
    await sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: credentials.accessKeyId }));
    return 'allowed';
  } catch (thrown) {
    return (thrown as Error).message;
  } finally {
    sts.destroy();
  }
}

const events = async (grant: string) => {
  const reply = await client.audit({
    ...{ grant, target: null, principal: null, since: null, until: null, limit: null },
  });
  return reply.events.map(({ body }) => body);
};

describe('a grant of five minutes on AWS', () => {
  const five = wish({ target: 'aws-prod', role: 'look', duration: 5 * minute });

  it('is denied by its own policy after five minutes, although AWS gave keys for fifteen', async () => {
    const keys = await keysOf(await client.elevate(five));
    expect(await call(keys)).toBe('allowed');
    user.aws.advance(4 * minute);
    expect(await call(keys)).toBe('allowed');
    user.aws.advance(minute);
    expect(await call(keys)).toMatch(/explicit deny/);
    expect(user.aws.account.live()).toHaveLength(1);
  });

  it('says both ends in the audit log and in the status, each in its place', async () => {
    const { grant } = await client.elevate(five);
    const told = await events(grant.id);
    const dataOf = (type: string) => told.find((body) => body.type === type)?.data as Record<string, string>;
    const [intent, issued] = [dataOf('lease.intent'), dataOf('lease.issued')];
    const between = (soft?: string, hard?: string) => Date.parse(hard ?? '') - Date.parse(soft ?? '');
    expect(between(new Date(grant.startedAt ?? 0).toISOString(), issued.deadline)).toBeLessThanOrEqual(
      5 * minute,
    );
    expect(between(intent.deadline, intent.hard_deadline)).toBeGreaterThanOrEqual(10 * minute);
    expect(between(issued.deadline, issued.expires) / minute).toBeCloseTo(10, 0);
    expect(issued.deadline).toBe(new Date(grant.deadline ?? 0).toISOString());

    const [lease] = JSON.parse((await user.world.jit('status', '--json')).stdout).grants[0].leases;
    expect(lease).toMatchObject({
      deadline: issued.deadline,
      hard_deadline: issued.expires,
      irrevocable_until: issued.deadline,
    });
    const words = /ends at \d\d:\d\d(:\d\d)?; AWS itself ends it at \d\d:\d\d$/m;
    const log = await user.world.jit('audit', 'log', '--grant', grant.id);
    expect(
      withoutDays(log.stdout)
        .split('\n')
        .filter((line) => words.test(line)),
    ).toHaveLength(2);
    const status = withoutDays((await user.world.jit('status')).stdout);
    expect(status).toMatch(new RegExp(`cannot be withdrawn; ${words.source}`, 'm'));
  });

  it('is never called revoked when it is ended early and somebody has its keys', async () => {
    const reply = await client.elevate(five);
    const keys = await keysOf(reply);
    const ran = await user.world.jit('revoke', reply.grant.id);
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(withoutDays(ran.stderr)).toMatch(
      /has ended; its credential cannot be withdrawn; ends at \d\d:\d\d/,
    );
    const status = await user.world.jit('status');
    expect(withoutDays(status.stdout)).toMatch(/ending, kept .*\n.*: cannot be withdrawn; ends at \d\d:\d\d/);
    expect(status.stdout).not.toContain('OVERDUE');
    // What it says is true.
    expect(await call(keys)).toBe('allowed');
    const types = (await events(reply.grant.id)).map(({ type }) => type);
    expect(types).toContain('grant.ended');
    expect(types).not.toContain('lease.revoked');
    expect(types).not.toContain('lease.overdue');
  });

  it('is as good as over when it is ended early and nobody has its keys', async () => {
    const { grant } = await client.elevate(five);
    const ran = await user.world.jit('revoke', grant.id);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(withoutDays(ran.stdout)).toMatch(
      /^ended g.* cannot be withdrawn, and nobody has it; ends at \d\d:\d\d/,
    );
  });
});

describe('a grant on AWS that ends at its deadline', () => {
  it('is recorded as revoked once AWS was seen to deny its keys, not before', async () => {
    const reply = await client.elevate(wish({ target: 'aws-prod', role: 'look', duration: 2_000 }));
    const keys = await keysOf(reply);
    const revoked = await until(async () => {
      const found = (await events(reply.grant.id)).find(({ type }) => type === 'lease.revoked');
      expect(found).toBeDefined();
      return found;
    });
    expect(Date.parse(String(revoked?.ts))).toBeGreaterThanOrEqual(reply.grant.deadline ?? 0);
    expect(await call(keys)).toMatch(/explicit deny/);
    expect(user.aws.account.live().length).toBeGreaterThan(0);
  });
});

describe('jit elevate --dry-run on AWS', () => {
  it('shows the session policy that would hold, and makes and records nothing', async () => {
    const ran = await user.world.jit('elevate', 'aws-prod:look', '--for', '5m', '--dry-run');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/session policy: \d+ of 2048 characters\n {4}\{\n/);
    expect(ran.stdout).toContain('AWS gives no keys for less than 15m');
    expect(ran.stdout).toContain('cannot be withdrawn before the deadline');
    expect(user.aws.count('AssumeRole')).toBe(0);
    expect((await client.status()).grants).toEqual([]);
    const log = await user.world.jit('audit', 'log', '--json');
    expect(log.stdout).not.toContain('grant.requested');
  });

  it('is refused in the words of the request itself', async () => {
    const argv = ['elevate', 'aws-prod:look', '--for', '9h'];
    const trial = await user.world.jit(...argv, '--dry-run');
    const real = await user.world.jit(...argv, '--', 'true');
    expect([trial.code, real.code]).toEqual([3, 3]);
    expect(trial.stderr.split('\n')[0]).toBe(real.stderr.split('\n')[0]);
  });
});
