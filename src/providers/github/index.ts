// The GitHub provider: what the broker calls, and which file answers.

import type { TargetConfig } from '../../core/target.ts';
import type { Instant } from '../../core/time.ts';
import type {
  PlanRequest,
  PrepareRequest,
  Provider,
  ProviderKind,
  ProviderTools,
  RevokeReport,
} from '../provider.ts';
import { accessOf, rightsOf } from './access.ts';
import { checkTarget } from './check.ts';
import { confirmLease } from './confirm.ts';
import { contextOf, sharedOf } from './context.ts';
import { exportKinds } from './hand-out.ts';
import { checkHandle, type GithubHandle, withoutTokens } from './handle.ts';
import { issueLease, refreshLease } from './issue.ts';
import { listed } from './permissions.ts';
import { planLease } from './plan.ts';
import { revokeLease } from './revoke.ts';
import { githubSchema, targetOptions, validateGithub } from './schema.ts';
import { setupText } from './setup.ts';
import { prepareSignIn } from './sign-in.ts';

export type { GithubHandle } from './handle.ts';

/** GitHub, by a token of a GitHub App per lease: its own, or that of a person it acts for. */
export const githubKind: ProviderKind<GithubHandle> = {
  kind: 'github',
  schema: githubSchema,
  validate: validateGithub,
  open,
  openByHandle: (_handle, tools) => {
    const gone = (): never => {
      throw new TypeError('a provider that was opened by a handle cannot issue');
    };
    return { plan: gone, issue: async () => gone(), ...callsByHandle(tools) };
  },
};

function open(target: TargetConfig, tools: ProviderTools): Provider<GithubHandle> {
  const on = (handle: GithubHandle, signal: AbortSignal) =>
    contextOf(checkHandle(handle).access, tools, signal);
  const rights = (request: PlanRequest) => rightsOf(target, request.role, request.scope);
  const isExported = () => targetOptions(target).export === 'env';
  const isOfPeople = targetOptions(target).act_as === 'user';
  const { signIns } = sharedOf(tools);
  if (isOfPeople) signIns.join();
  return {
    plan: (request) => planLease(target, request),
    issue: async (handle, request, signal) =>
      issueLease(on(handle, signal), handle, request, rights(request), isExported()),
    refresh: async (handle, request, signal, record) =>
      refreshLease(
        on(handle, signal),
        handle,
        request,
        rights(request),
        record,
        isExported() || request.exported === true,
      ),
    ...callsByHandle(tools),
    ...(isOfPeople && {
      prepare: async (request: PrepareRequest, signal: AbortSignal) =>
        prepareSignIn(contextOf(accessOf(target), tools, signal), target, request),
      close: () => signIns.leave(),
    }),
    check: (signal) => checkTarget(contextOf(accessOf(target), tools, signal), target),
    setup: async () => setupText(target),
  };
}

/** Each speaks to the GitHub that its handle names: a target may have changed since. */
function callsByHandle(tools: ProviderTools) {
  const on = (handle: GithubHandle, signal: AbortSignal) =>
    contextOf(checkHandle(handle).access, tools, signal);
  return {
    exports: exportKinds,
    describe,
    /** Nothing moves on GitHub: the token has its hour, and the helper gets a new one when that is not enough. */
    renew: async (handle: GithubHandle) => ({ hardDeadline: hardEnd(handle) }),
    revoke: async (handle: GithubHandle, _cause: unknown, report: RevokeReport, signal: AbortSignal) =>
      revokeLease(on(handle, signal), handle, report),
    confirm: async (handle: GithubHandle, signal: AbortSignal) => confirmLease(on(handle, signal), handle),
    spent: withoutTokens,
    irrevocableUntil: ({ undisclosed_until }: GithubHandle) => undisclosed_until,
    // Connections are shared by all who fetch, and unused ones do not keep the broker alive.
    close: async () => undefined,
  };
}

function describe({
  access,
  lease,
  installation,
  repositories,
  permissions,
  tokens,
  undisclosed_until,
  account,
}: GithubHandle) {
  return {
    name: `${access.app_id}+${lease}`,
    facts: {
      app: access.app_id,
      owner: access.owner,
      host: new URL(access.git_url).host,
      installation,
      repositories,
      permissions: listed(permissions),
      ...(access.user ? { account: account ?? null } : {}),
      // As `hashed_token` in GitHub's own audit log.
      token_sha256: tokens.map(({ sha256 }) => sha256),
      ...(undisclosed_until === null ? {} : { undisclosed_until: new Date(undisclosed_until).toISOString() }),
    },
  };
}

function hardEnd({ tokens, undisclosed_until }: GithubHandle): Instant {
  return Math.max(0, undisclosed_until ?? 0, ...tokens.map(({ ends_at }) => ends_at));
}
