// A CI job that asks for tokens of GitHub: the place of ci-job.ts, with an App's private key and no database.

import { createJobPlace, type JobPlace } from './ci-job.ts';

/** A server that gives tokens for `acme`'s repositories. */
export interface TokenServer {
  readonly url: string;
  readonly appId: number;
  readonly privateKey: string;
  /** Every token that it has given. */
  readonly tokens: () => readonly string[];
}

const config = ({ url, appId }: TokenServer, key: string): string => `
version: 1
targets:
  deploy-repos:
    provider: github
    app_id: ${appId}
    private_key: file:${key}
    owner: acme
    base_url: ${url}
    git_url: https://github.com
    roles:
      read: { repositories: [web-one, web-two], permissions: { contents: read } }
      write: { repositories: [web-one], permissions: { contents: write } }
entitlements:
  - { name: deploy-repos, who: ["job:deploy-web"], roles: ["deploy-repos:*"], max_duration: 15m, reason: { required: true } }
`;

/** @param build `dist-test` has failpoints */
export async function createGithubPlace(
  server: TokenServer,
  build: 'dist' | 'dist-test' = 'dist',
): Promise<JobPlace> {
  const place = await createJobPlace({
    build,
    secret: server.privateKey,
    config: (file) => config(server, file),
  });
  // A line of the key is enough to tell it.
  const [, ...lines] = server.privateKey.split('\n');
  const needles = () => [...lines.slice(0, 3), ...server.tokens(), ...place.needles()];
  return { ...place, needles };
}

/** A line of sh that prints what a token is answered; the token is in no command line. */
export const asked = (server: TokenServer, token: string, path: string, flags = ''): string =>
  `printf 'authorization: token %s' "${token}" | curl -s -o /dev/null -w '%{http_code}\\n' -H @- ${flags} ${server.url}${path}`;
