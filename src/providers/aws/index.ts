// The AWS provider: what the broker calls, and which file answers.

import { hasCode } from '../../core/errors.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Instant } from '../../core/time.ts';
import type { PlanRequest, Provider, ProviderKind, ProviderTools, RevokeReport } from '../provider.ts';
import { checkTarget } from './check.ts';
import { confirmLease } from './confirm.ts';
import { consoleLink } from './console.ts';
import { type Context, contextOf } from './context.ts';
import { pruneDenied } from './deny-session.ts';
import { exportKinds } from './hand-out.ts';
import { type AwsHandle, checkHandle } from './handle.ts';
import { issueLease, refreshLease } from './issue.ts';
import { denyPolicyName } from './names.ts';
import { accessOf, planLease, rightsOf } from './plan.ts';
import { prepareIssue } from './prepare.ts';
import { replanLease } from './replan.ts';
import { revokeLease } from './revoke.ts';
import { awsSchema, doubtAws, roleOptions, validateAws } from './schema.ts';
import { setupText } from './setup.ts';

export type { AwsHandle } from './handle.ts';

/** AWS, by a session of STS per lease. */
export const awsKind: ProviderKind<AwsHandle> = {
  kind: 'aws',
  schema: awsSchema,
  validate: validateAws,
  doubt: doubtAws,
  open,
  openByHandle: (_handle, tools) => {
    const gone = (): never => {
      throw new TypeError('a provider that was opened by a handle cannot issue');
    };
    return { plan: gone, issue: async () => gone(), ...callsByHandle(tools) };
  },
};

function open(target: TargetConfig, tools: ProviderTools): Provider<AwsHandle> {
  const rights = (request: PlanRequest) => rightsOf(target, request.role, request.scope);
  return {
    plan: (request) => planLease(target, request, tools.origin),
    prepare: (request, signal) => prepareIssue(contextOf(accessOf(target), tools, signal), target, request),
    issue: async (handle, request, signal) =>
      issueLease(contextFor(handle, tools, signal), handle, request, rights(request)),
    refresh: async (handle, request, signal) =>
      refreshLease(unasked(handle, tools, signal), handle, request, rights(request)),
    ...callsByHandle(tools),
    async reconcile(_known, signal) {
      // STS lists no sessions: what can be put in order are the denied ones that have ended.
      await pruneRoles(target, tools, signal).catch((thrown: unknown) => {
        // Nobody is logged in: tidying can wait, and whoever asks for access will be told.
        if (!hasCode(thrown, 'ERR_SECRET_UNAVAILABLE')) throw thrown;
      });
      return { unknown: [], missing: [] };
    },
    check: (signal) => checkTarget(contextOf(accessOf(target), tools, signal), target),
    setup: async () => setupText(target),
  };
}

const contextFor = (handle: AwsHandle, tools: ProviderTools, signal: AbortSignal): Context =>
  contextOf(checkHandle(handle).access, tools, signal);

/** For what falls due by itself: nobody at a terminal knows what a question would be about. */
const unasked = (handle: AwsHandle, tools: ProviderTools, signal: AbortSignal): Context => ({
  ...contextFor(handle, tools, signal),
  mayAsk: false,
});

async function pruneRoles(target: TargetConfig, tools: ProviderTools, signal: AbortSignal): Promise<void> {
  const context = { ...contextOf(accessOf(target), tools, signal), mayAsk: false };
  for (const { options } of target.roles.values()) {
    const { role_arn, revoke, revoke_role } = roleOptions(options);
    if (revoke !== 'deny-session') continue;
    const policy_name = denyPolicyName(tools.origin);
    await pruneDenied(context, { role_arn, policy_name, revoke_role: revoke_role ?? null });
  }
}

/** Each speaks to the target that its handle names: a target may have changed since. */
function callsByHandle(tools: ProviderTools) {
  const on = (handle: AwsHandle, signal: AbortSignal) => unasked(handle, tools, signal);
  return {
    exports: exportKinds,
    describe: ({ session_name, role_arn, source_identity, access_key_id }: AwsHandle) => ({
      name: session_name,
      facts: { role_arn, source_identity, access_key_id },
    }),
    revoke: async (handle: AwsHandle, _cause: unknown, report: RevokeReport, signal: AbortSignal) =>
      revokeLease(on(handle, signal), handle, report),
    replan: replanLease,
    confirm: async (handle: AwsHandle, signal: AbortSignal) => confirmLease(on(handle, signal), handle),
    console: async (handle: AwsHandle, signal: AbortSignal) => consoleLink(on(handle, signal), handle),
    irrevocableUntil: ({ revoke, deadline }: AwsHandle): Instant | null =>
      revoke === 'deny-session' ? null : deadline,
    // Connections are shared by the broker's AWS targets and unused ones do not keep it alive.
    close: async () => undefined,
  };
}
