// How a child is told about its token: a credential helper for git that is asked each time, set by variables of the child
// alone. The token itself is in the environment only when asked for.

import type { Secret } from '../../core/secret.ts';
import type { HandOut } from '../provider.ts';
import { isHosted } from './access.ts';
import type { Context } from './context.ts';
import type { Access, GithubHandle } from './handle.ts';
import type { Token } from './tokens.ts';

/** What GitHub takes as the user of an installation token (docs.github.com "HTTP-based Git access by an installation"). */
const user = 'x-access-token';

/** Other people's tokens, and programs that would give git one: what this grant is for must not be done with them. */
const unset = [
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'GH_ENTERPRISE_TOKEN',
  'GITHUB_ENTERPRISE_TOKEN',
  'GITHUB_API_TOKEN',
  'HOMEBREW_GITHUB_API_TOKEN',
];

/** Names of the `exports` below. */
export const exportKinds = ['env', 'token'] as const;

/**
 * @param grant what the helper is asked for
 * @param exported the target wants its tokens in the environment of every child
 */
export function handOut(
  context: Context,
  handle: GithubHandle,
  grant: string,
  first: Token,
  exported: boolean,
): HandOut {
  const { access, tools, shared } = context;
  const { protocol, host } = new URL(access.git_url);
  return {
    env: {
      ...gitEnvironment(access, `!${tools.helperCommand ?? 'jit'} credential git --grant ${grant}`),
      ...(isHosted(access) ? {} : { GH_HOST: host }),
    },
    files: [],
    helpers: {
      git: () => {
        const { secret, endsAt } = shared.tokens.serve(handle.lease);
        return {
          protocol: protocol.replace(/:$/, ''),
          host,
          path: pathOf(access),
          username: user,
          password: secret.reveal(),
          password_expiry_utc: Math.floor(endsAt / 1000),
        };
      },
    },
    unset,
    exports: { env: variables(access, first), token: { JIT_TOKEN: first.secret } },
    ...(exported ? { always: 'env' } : {}),
  };
}

/** As `gh help environment` has it: two names for github.com and tenants of ghe.com, two for a server of one's own. */
function variables(access: Access, { secret }: Token): Record<string, Secret> {
  // GITHUB_TOKEN is sent to github.com by whoever reads it: a server's token has no business there.
  if (isHosted(access)) return { GH_TOKEN: secret, GITHUB_TOKEN: secret };
  return { GH_ENTERPRISE_TOKEN: secret, GITHUB_ENTERPRISE_TOKEN: secret };
}

/** The first part of the path of every repository that the token may be for. */
function pathOf({ owner, git_url }: Access): string {
  return `${new URL(git_url).pathname.replace(/^\/|\/$/g, '')}/${owner}`.replace(/^\//, '');
}

/**
 * Configuration for the child's git alone (git-config(1), GIT_CONFIG_COUNT), which wins over every file and is appended to
 * what the user's environment has of the kind. For the whole host: whatever is not this owner's is then done without any
 * right, never with the user's own.
 */
function gitEnvironment({ git_url: host, owner }: Access, helper: string): Record<string, string> {
  const settings: [name: string, value: string][] = [
    // An empty value takes away the helpers of all files; the one after it is the only one left.
    [`credential.${host}.helper`, ''],
    [`credential.${host}.helper`, helper],
    [`credential.${host}.useHttpPath`, 'true'],
    // A header of the user's, such as actions/checkout leaves, would be sent instead of what the helper says.
    [`http.${host}.extraHeader`, ''],
    // The longest match wins: a rewrite of the whole host, to SSH and so to the user's own key, does not reach here.
    [`url.${host}/${owner}/.insteadOf`, `${host}/${owner}/`],
  ];
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(settings.length)],
    ...settings.flatMap(([name, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, name],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
    ['GIT_TERMINAL_PROMPT', '0'],
    // Empty, it wins over `core.askPass` and SSH_ASKPASS, which would put up a window (git's prompt.c).
    ['GIT_ASKPASS', ''],
  ]);
}
