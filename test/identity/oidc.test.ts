import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Issuer } from '../../src/core/issuer.ts';
import { verifyIdentity } from '../../src/identity/oidc.ts';
import { temporaryFolder } from '../fakes/folder.ts';
import { type Changes, type FakeIssuer, startIssuer } from '../fakes/issuer.ts';

const now = 1_800_000_000;
const audience = 'jit.acme.example';
let fake: FakeIssuer;
let other: FakeIssuer;
beforeAll(async () => {
  fake = await startIssuer(() => now);
  other = await startIssuer(() => now);
});
afterAll(async () => {
  await fake.close();
  await other.close();
});

function issuer(changes: Partial<Issuer> = {}): Issuer {
  const claims = {
    repository_id: ['123'],
    repository_owner_id: ['45'],
    event_name: ['push', 'schedule'],
    environment: ['production'],
  };
  return {
    name: 'github',
    kind: 'github',
    url: fake.url,
    audience,
    maxAge: 300_000,
    jwksFile: null,
    jobs: [{ name: 'deploy-web', claims: new Map(Object.entries(claims)) }],
    ...changes,
  };
}

const verify = (token: string, issuers = [issuer()], later = 0) =>
  verifyIdentity(token, issuers, { now: now * 1000 + later, uptime: later });

test('a token of the configured job proves that job, and the audit gets its run', async () => {
  const verdict = await verify(await fake.github(audience));
  expect(verdict).toMatchObject({
    job: 'deploy-web',
    verified: { issuer: 'github', facts: { run_id: '9001', repository_id: '123' } },
  });
});

describe('a token is refused, with the reason', () => {
  const refused: readonly (readonly [what: string, changes: Changes, why: string])[] = [
    ['of a fork', { repository_id: '999' }, 'repository_id "999" is not "123"'],
    [
      'of a pull request',
      { event_name: 'pull_request' },
      'event_name "pull_request" is none of "push", "schedule"',
    ],
    ['of a repository that was made anew', { repository_id: '124' }, 'repository_id "124" is not "123"'],
    [
      'of another owner of the same name',
      { repository_owner_id: '46' },
      'repository_owner_id "46" is not "45"',
    ],
    ['of another environment', { environment: 'staging' }, 'environment "staging" is not "production"'],
    ['of no environment', { environment: null }, 'environment is missing, expected "production"'],
    ['with an id that is a number', { repository_id: 123 }, 'repository_id "123" is not "123"'],
    ['with an id in a list', { repository_id: ['123'] }, 'repository_id'],
    ['for another audience', { aud: 'https://github.com/acme' }, 'audience "https://github.com/acme" is not'],
    ['for others as well', { aud: [audience, 'another'] }, 'for others too'],
    ['that has expired', { exp: now - 31 }, 'it has expired'],
    ['that was made six minutes ago', { iat: now - 360, exp: now + 360 }, 'made too long ago'],
    ['from the future', { iat: now + 60 }, 'made in the future'],
    ['that is not valid yet', { nbf: now + 60 }, 'not valid yet'],
    ['without an end', { exp: null }, 'it has no exp'],
    ['that does not say when it was made', { iat: null }, 'it has no iat'],
    ['of an issuer that nobody knows', { iss: 'https://evil.example' }, 'no issuer of the configuration is'],
  ];
  test.each(refused)('%s', async (_what, changes, why) => {
    const verdict = await verify(await fake.github(audience, changes));
    expect(verdict).toHaveProperty('refused', expect.stringContaining(why));
    expect(verdict).not.toHaveProperty('job');
  });

  test('with a name of a claim that could move the cursor', async () => {
    const verdict = await verify(await fake.github(audience, { environment: '\u001b[2Jproduction\n' }));
    expect(verdict).toHaveProperty('refused', expect.stringContaining('environment "?[2Jproduction?"'));
  });

  test('signed by somebody else, by a secret, or by nobody', async () => {
    const claims = { iss: fake.url, aud: audience, sub: 'x', iat: now, exp: now + 60 };
    const symmetric = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(JSON.stringify(fake.keys())));
    const unsigned = new UnsecuredJWT(claims).encode();
    expect(await verify(await fake.forge(audience))).toHaveProperty(
      'refused',
      expect.stringContaining('not signed by "github"'),
    );
    expect(await verify(symmetric)).toHaveProperty('refused', expect.stringContaining('algorithm "HS256"'));
    expect(await verify(unsigned)).toHaveProperty('refused', expect.stringContaining('algorithm "none"'));
    for (const garbage of ['', 'x', 'a.b.c', `${await fake.github(audience)}x`]) {
      expect(await verify(garbage)).toHaveProperty('refused');
    }
  });

  test('of another issuer, wherever its header points', async () => {
    const foreign = await other.github(audience, { iss: fake.url });
    expect(await verify(foreign)).toHaveProperty(
      'refused',
      expect.stringContaining('not signed by "github"'),
    );
    const before = other.asked.length;
    const { privateKey } = await (await import('jose')).generateKeyPair('RS256');
    const pointing = await new SignJWT({ iss: fake.url, aud: audience, sub: 'x', iat: now, exp: now + 60 })
      .setProtectedHeader({ alg: 'RS256', jku: `${other.url}/.well-known/jwks`, kid: 'x' })
      .sign(privateKey);
    expect(await verify(pointing)).toHaveProperty('refused');
    expect(other.asked).toHaveLength(before);
  });
});

test('the same token has one name however its signature is written, and each token another', async () => {
  const name = async (token: string) => (await verify(token)).verified?.token;
  const one = await fake.github(audience);
  expect(await name(one)).toBe(await name(one));
  expect(await name(one)).not.toBe(await name(await fake.github(audience)));
  const nameless = await fake.github(audience, { jti: null });
  expect(await name(nameless)).toBe(await name(nameless));
  expect(await name(nameless)).not.toBe(
    await name(await fake.github(audience, { jti: null, run_id: '9002' })),
  );
});

test('keys are kept, fetched again for a key that is not among them, and at most every half minute', async () => {
  const ours = [issuer()];
  const fetched = () => fake.asked.filter((asked) => asked === '/.well-known/jwks').length;
  const before = fetched();
  await verify(await fake.github(audience), ours);
  await verify(await fake.github(audience), ours, 1_000);
  expect(fetched()).toBe(before + 1);
  await fake.changeKey();
  expect(await verify(await fake.github(audience), ours, 2_000)).toHaveProperty('refused');
  expect(fetched()).toBe(before + 1);
  expect(await verify(await fake.github(audience), ours, 31_000)).toMatchObject({ job: 'deploy-web' });
  expect(fetched()).toBe(before + 2);
});

test('keys that cannot be fetched anew for a token that names another one stay in force', async () => {
  const ours = [issuer()];
  const mine = await fake.github(audience);
  await verify(mine, ours);
  fake.trouble = 503;
  const other = decodeProtectedHeader(mine);
  const named = Buffer.from(JSON.stringify({ ...other, kid: 'another' })).toString('base64url');
  const strange = [named, ...mine.split('.').slice(1)].join('.');
  await expect(verify(strange, ours, 31_000)).rejects.toMatchObject({ code: 'ERR_TARGET_UNREACHABLE' });
  expect(await verify(mine, ours, 32_000)).toMatchObject({ job: 'deploy-web' });
  fake.trouble = null;
});

test('without network the keys come from a file', async () => {
  const file = path.join(temporaryFolder(), 'jwks.json');
  writeFileSync(file, JSON.stringify(fake.keys()));
  const before = fake.asked.length;
  expect(await verify(await fake.github(audience), [issuer({ jwksFile: file })])).toMatchObject({
    job: 'deploy-web',
  });
  expect(fake.asked).toHaveLength(before);
  writeFileSync(file, 'no json');
  await expect(verify(await fake.github(audience), [issuer({ jwksFile: file })])).rejects.toMatchObject({
    code: 'ERR_CONFIG',
  });
});

test('an issuer that does not answer is no refusal, and is asked again', async () => {
  const ours = [issuer()];
  fake.trouble = 503;
  await expect(verify(await fake.github(audience), ours)).rejects.toMatchObject({
    code: 'ERR_TARGET_UNREACHABLE',
  });
  fake.trouble = null;
  expect(await verify(await fake.github(audience), ours)).toMatchObject({ job: 'deploy-web' });
});

test('a token of GitLab proves its job, and one of an unprotected branch does not', async () => {
  const claims = {
    project_id: ['20'],
    namespace_id: ['72'],
    pipeline_source: ['push'],
    ref_protected: ['true'],
    ref: ['main'],
  };
  const gitlab = issuer({
    name: 'gitlab',
    kind: 'gitlab',
    jobs: [{ name: 'deploy', claims: new Map(Object.entries(claims)) }],
  });
  expect(await verify(await fake.gitlab(audience), [gitlab])).toMatchObject({
    job: 'deploy',
    verified: { facts: { job_id: '302' } },
  });
  expect(await verify(await fake.gitlab(audience, { ref_protected: 'false' }), [gitlab])).toHaveProperty(
    'refused',
    expect.stringContaining('ref_protected "false" is not "true"'),
  );
});
