// The sign-in of the fake says no where AWS does.

import { AssumeRoleCommand, type Credentials, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Policy } from './policy.ts';
import { type FakeAws, startFakeAws } from './server.ts';

let aws: FakeAws;
let role: Credentials;
let chained: Credentials;

const allowAll: Policy = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
const trust: Policy = {
  Statement: [
    { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::123456789012:root' }, Action: 'sts:AssumeRole' },
  ],
};

async function assume(
  name: string,
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
) {
  const client = new STSClient({ endpoint: aws.url, region: 'eu-west-1', credentials: keys, maxAttempts: 1 });
  const RoleArn = `arn:aws:iam::123456789012:role/${name}`;
  const answer = await client.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'me' }));
  client.destroy();
  return answer.Credentials as Credentials;
}

const keysOf = ({ AccessKeyId = '', SecretAccessKey = '', SessionToken = '' }: Partial<Credentials>) => ({
  accessKeyId: AccessKeyId,
  secretAccessKey: SecretAccessKey,
  sessionToken: SessionToken,
});

beforeEach(async () => {
  aws = await startFakeAws();
  const user = aws.account.addUser('broker', [allowAll]);
  for (const name of ['first', 'second']) aws.account.addRole(name, trust, [allowAll]);
  const { accessKeyId, secretAccessKey } = user;
  role = await assume('first', { accessKeyId, secretAccessKey });
  chained = await assume('second', keysOf(role));
});
afterEach(() => aws.close());

const sessionOf = ({ AccessKeyId, SecretAccessKey, SessionToken }: Credentials) => ({
  sessionId: AccessKeyId,
  sessionKey: SecretAccessKey,
  sessionToken: SessionToken,
});

const ask = (session: object | string, more: Record<string, string> = {}, method = 'POST') => {
  const text = typeof session === 'string' ? session : JSON.stringify(session);
  const body = new URLSearchParams({ Action: 'getSigninToken', Session: text, ...more });
  return method === 'POST'
    ? fetch(`${aws.url}/federation`, { method, body })
    : fetch(`${aws.url}/federation?${body}`);
};

async function login(token: string, destination = 'https://eu-west-1.console.aws.amazon.com/') {
  const query = new URLSearchParams({ Action: 'login', Destination: destination, SigninToken: token });
  return fetch(`${aws.url}/federation?${query}`, { redirect: 'manual' });
}

describe('getSigninToken', () => {
  it('gives a token that signs in as the session, for as long as was asked', async () => {
    const answer = await ask(sessionOf(role), { SessionDuration: '1800' });
    expect(answer.status).toBe(200);
    const { SigninToken } = (await answer.json()) as { SigninToken: string };
    expect((await login(SigninToken)).status).toBe(302);
    const [signedIn] = aws.consoles;
    expect(signedIn?.identity.accessKeyId).toBe(role.AccessKeyId);
    expect((signedIn?.endsAt ?? 0) - aws.account.now()).toBeGreaterThan(1_700_000);
    expect((signedIn?.endsAt ?? 0) - aws.account.now()).toBeLessThanOrEqual(1_800_000);
  });

  it.each([
    ['a wrong key', { sessionKey: 'x' }],
    ['a wrong token', { sessionToken: 'x' }],
    ['an unknown id', { sessionId: 'ASIAX' }],
  ])('refuses %s', async (_what, changes) => {
    expect((await ask({ ...sessionOf(role), ...changes })).status).toBe(400);
  });

  it('refuses what is no JSON, and keys in the address', async () => {
    expect((await ask('no json')).status).toBe(400);
    expect((await ask(sessionOf(role), {}, 'GET')).status).toBe(405);
  });

  it('refuses a session that has expired', async () => {
    aws.advance(2 * 3_600_000);
    expect((await ask(sessionOf(role))).status).toBe(400);
  });

  it.each(['899', '43201', '1e3', '-900'])('refuses a duration of %s', async (SessionDuration) => {
    expect((await ask(sessionOf(role), { SessionDuration })).status).toBe(400);
  });

  it('takes a chained session without a duration only', async () => {
    expect((await ask(sessionOf(chained), { SessionDuration: '900' })).status).toBe(400);
    expect((await ask(sessionOf(chained))).status).toBe(200);
  });
});

describe('login', () => {
  const tokenNow = async () =>
    ((await (await ask(sessionOf(role))).json()) as { SigninToken: string }).SigninToken;

  it('refuses a token after fifteen minutes, and one that it never gave', async () => {
    const token = await tokenNow();
    aws.advance(15 * 60_000);
    expect((await login(token)).status).toBe(400);
    expect((await login('x')).status).toBe(400);
    expect(aws.consoles).toEqual([]);
  });

  it('leads nowhere but to the console', async () => {
    expect((await login(await tokenNow(), 'https://example.com/')).status).toBe(400);
  });
});
