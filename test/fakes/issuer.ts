// An issuer of ID tokens on loopback: discovery, keys, GitHub's endpoint where a job asks for its token, and tokens as
// GitHub Actions and GitLab make them. Keys can be changed, tokens can be anything.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** What of a token may be other than usual. `null` leaves a claim out. */
export type Changes = Readonly<Record<string, unknown>>;

/** A running issuer. */
export interface FakeIssuer {
  readonly url: string;
  /** Variables of a job on GitHub that may ask for tokens. */
  readonly githubEnv: Readonly<Record<string, string>>;
  /** Planted: what a job asks with. */
  readonly requestToken: string;
  /** Every token that was made. */
  readonly tokens: readonly string[];
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  /** As GitHub Actions would, for the environment `production` of `acme/web`. */
  github(audience: string, changes?: Changes): Promise<string>;
  /** As GitLab would, for a protected branch of `acme/web`. */
  gitlab(audience: string, changes?: Changes): Promise<string>;
  /** Signs with a key that the issuer does not publish. */
  forge(audience: string, changes?: Changes): Promise<string>;
  /** Signs with another key from now on, and publishes only that. */
  changeKey(): Promise<void>;
  /** What the next jobs that ask get other than usual. */
  next: Changes;
  /** Answers with this status instead, e.g. 503. */
  trouble: number | null;
  keys(): object;
  close(): Promise<void>;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: object;
}

const minutes = 60;

async function newKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const kid = crypto.randomUUID();
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' } };
}

/** @param now seconds since the epoch, for `iat`; the machine's unless a test moves it */
export async function startIssuer(
  now: () => number = () => Math.floor(Date.now() / 1000),
): Promise<FakeIssuer> {
  let key = await newKey();
  const stranger = await newKey();
  const tokens: string[] = [];
  const asked: string[] = [];
  const requestToken = `planted-request-token-${crypto.randomUUID()}`;

  async function sign(usual: JWTPayload, changes: Changes, by: SigningKey, kid: string): Promise<string> {
    const at = now();
    const claims = { iss: issuer.url, jti: crypto.randomUUID(), iat: at, nbf: at - 5, exp: at + 5 * minutes };
    const all = Object.entries({ ...claims, ...usual, ...changes }).filter(([, value]) => value !== null);
    const token = await new SignJWT(Object.fromEntries(all))
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
      .sign(by.privateKey);
    tokens.push(token);
    return token;
  }

  function githubClaims(audience: string): JWTPayload {
    return {
      aud: audience,
      sub: 'repo:acme/web:environment:production',
      repository: 'acme/web',
      repository_id: '123',
      repository_owner: 'acme',
      repository_owner_id: '45',
      environment: 'production',
      ref: 'refs/heads/main',
      ref_type: 'branch',
      sha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      event_name: 'push',
      job_workflow_ref: 'acme/web/.github/workflows/deploy.yml@refs/heads/main',
      runner_environment: 'github-hosted',
      run_id: '9001',
      run_attempt: '1',
      actor: 'octocat',
    };
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer.url);
    asked.push(url.pathname);
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (issuer.trouble !== null) answer(issuer.trouble, { message: 'trouble' });
    else if (url.pathname === '/.well-known/openid-configuration') {
      answer(200, { issuer: issuer.url, jwks_uri: `${issuer.url}/.well-known/jwks` });
    } else if (url.pathname === '/.well-known/jwks') answer(200, issuer.keys());
    else if (url.pathname !== '/token') answer(404, {});
    else if (request.headers.authorization !== `Bearer ${requestToken}`) answer(401, {});
    else {
      const audience = url.searchParams.get('audience') ?? 'https://github.com/acme';
      void issuer.github(audience, issuer.next).then((value) => answer(200, { count: value.length, value }));
    }
  });
  const issuer: FakeIssuer = {
    url: '',
    githubEnv: {},
    requestToken,
    tokens,
    asked,
    next: {},
    trouble: null,
    github: (audience, changes = {}) => sign(githubClaims(audience), changes, key, key.kid),
    gitlab: (audience, changes = {}) =>
      sign(
        {
          aud: audience,
          sub: 'project_path:acme/web:ref_type:branch:ref:main',
          project_path: 'acme/web',
          project_id: '20',
          namespace_id: '72',
          namespace_path: 'acme',
          pipeline_source: 'push',
          pipeline_id: '574',
          job_id: '302',
          ref: 'main',
          ref_type: 'branch',
          ref_protected: 'true',
          environment: 'production',
          environment_protected: 'true',
          ci_config_ref_uri: 'gitlab.example.com/acme/web//.gitlab-ci.yml@refs/heads/main',
          user_login: 'ada',
        },
        changes,
        key,
        key.kid,
      ),
    forge: (audience, changes = {}) => sign(githubClaims(audience), changes, stranger, key.kid),
    async changeKey() {
      key = await newKey();
    },
    keys: () => ({ keys: [key.jwk] }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const githubEnv = {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    GITHUB_REPOSITORY: 'acme/web',
    GITHUB_RUN_ID: '9001',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'deploy',
    RUNNER_NAME: 'runner-1',
  };
  return Object.assign(issuer, { url, githubEnv });
}
