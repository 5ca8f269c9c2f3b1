import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFakeClient } from '../../fakes/client.ts';
import { type FakeIssuer, startIssuer } from '../../fakes/issuer.ts';
import { jit, type Setting } from '../harness.ts';

let issuer: FakeIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

const known = () =>
  createFakeClient({
    issuers: async () => ({
      issuers: [{ name: 'github', kind: 'github' as const, audience: 'of-the-config' }],
    }),
  });

/** The identity that the broker was shown, and how the command went. */
async function shown(env: Record<string, string>, args: string[] = [], setting: Setting = {}) {
  const client = known();
  const ran = await jit(['elevate', 'prod-db:read', ...args, '--', 'true'], { client, env, ...setting });
  const [request] = client.asked('elevate') as { identity: string | null }[];
  const previews = client.asked('preview') as { identity: string | null }[];
  return { ran, identity: request?.identity, previews: previews.map(({ identity }) => identity) };
}

const audienceOf = (token = ''): unknown =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).aud;

test('a token in the environment is shown to the broker, also for the preview, and to nobody else', async () => {
  const { ran, identity, previews } = await shown({ JIT_ID_TOKEN: ' a.b.c\n' });
  expect(identity).toBe('a.b.c');
  expect(previews).toEqual(['a.b.c']);
  expect(ran.stdout + ran.stderr).not.toContain('a.b.c');
});

test('GitHub is asked for one with the audience of flag, variable or configuration, in this order', async () => {
  const env = issuer.githubEnv;
  expect(audienceOf((await shown(env)).identity ?? '')).toBe('of-the-config');
  expect(audienceOf((await shown({ ...env, JIT_AUDIENCE: 'of-env' })).identity ?? '')).toBe('of-env');
  const flag = await shown({ ...env, JIT_AUDIENCE: 'of-env' }, ['--audience', 'a&b=c']);
  expect(audienceOf(flag.identity ?? '')).toBe('a&b=c');
});

test('GitHub is not asked outside of CI, nor when nobody could verify the token', async () => {
  const { CI: _, ...env } = issuer.githubEnv;
  expect((await shown(env)).identity).toBeNull();
  const client = createFakeClient();
  await jit(['elevate', 'prod-db:read', '--', 'true'], { client, env: issuer.githubEnv });
  expect(client.asked('elevate')).toMatchObject([{ identity: null }]);
});

test.each([
  [{ ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'wrong' }, 'HTTP 401'],
  [{ ACTIONS_ID_TOKEN_REQUEST_URL: 'http://example.com/token' }, 'is no https URL'],
  [{ ACTIONS_ID_TOKEN_REQUEST_URL: 'http://127.0.0.1:1/token' }, 'ECONNREFUSED'],
])('what GitHub does not give is told with the permission that it takes: %j', async (changes, why) => {
  const { ran, identity } = await shown({ ...issuer.githubEnv, ...changes });
  expect(identity).toBeUndefined();
  expect(ran.code).toBe(4);
  expect(ran.stderr).toContain(why);
  expect(ran.stderr).toContain('id-token: write');
  expect(ran.stderr).not.toContain(issuer.requestToken);
});
