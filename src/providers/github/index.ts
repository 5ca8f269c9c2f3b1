// The GitHub provider: what the broker calls, and which file answers.

import type { TargetConfig } from '../../core/target.ts';
import type { Instant } from '../../core/time.ts';
import type { PlanRequest, Provider, ProviderKind, ProviderTools, RevokeReport } from '../provider.ts';
import { accessOf, rightsOf } from './access.ts';
import { checkTarget } from './check.ts';
import { confirmLease } from './confirm.ts';
import { contextOf } from './context.ts';
import { exportKinds } from './hand-out.ts';
import { checkHandle, type GithubHandle, withoutTokens } from './handle.ts';
import { issueLease, refreshLease } from './issue.ts';
import { listed } from './permissions.ts';
import { planLease } from './plan.ts';
import { revokeLease } from './revoke.ts';
import { githubSchema, targetOptions, validateGithub } from './schema.ts';
import { setupText } from './setup.ts';

export type { GithubHandle } from './handle.ts';

/** GitHub, by an installation token of a GitHub App per lease. */
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
      // As `hashed_token` in GitHub's own audit log.
      token_sha256: tokens.map(({ sha256 }) => sha256),
      ...(undisclosed_until === null ? {} : { undisclosed_until: new Date(undisclosed_until).toISOString() }),
    },
  };
}

function hardEnd({ tokens, undisclosed_until }: GithubHandle): Instant {
  return Math.max(0, undisclosed_until ?? 0, ...tokens.map(({ ends_at }) => ends_at));
}
