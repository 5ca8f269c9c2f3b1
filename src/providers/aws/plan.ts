// What a lease would be: the handle, chosen before anything exists, and lines for people. Pure.

import { createHash } from 'node:crypto';
import { parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Plan, PlanRequest } from '../provider.ts';
import { type Access, type AwsHandle, leaseTag } from './handle.ts';
import { denyPolicyName, sessionName, sourceIdentity, tagValue } from './names.ts';
import { previewOf } from './preview.ts';
import { type RoleOptions, roleOptions, type ScopeOptions, scopeOptions, targetOptions } from './schema.ts';
import { sessionPolicy } from './session-policy.ts';

/** STS gives no shorter session. */
export const shortestSession: Milliseconds = 900_000;

/** Between the plan and the answer of STS; later than this, nothing is made. */
const planSlack: Milliseconds = 60_000;

/** What a role and scope of the config mean. */
export interface Rights {
  readonly role: RoleOptions;
  readonly policy: ScopeOptions;
}

export function accessOf(target: TargetConfig): Access {
  const options = targetOptions(target);
  return {
    target: target.name,
    region: options.region,
    sts_url: options.endpoints?.sts ?? null,
    iam_url: options.endpoints?.iam ?? null,
    signin_url: options.endpoints?.signin ?? null,
    credentials: options.credentials,
    profile: options.profile ?? null,
    mfa_serial: options.mfa_serial ?? null,
    mfa_process: options.mfa_process ?? null,
    token_file: options.web_identity?.token_file ?? null,
    token_role: options.web_identity?.role_arn ?? null,
  };
}

/** @throws JitError `ERR_UNKNOWN_NAME` when the target has no such role, or the role no such scope. */
export function rightsOf(target: TargetConfig, roleOf: string, scopeOf: string | null): Rights {
  const found = target.roles.get(roleOf);
  if (!found) throw unknown(`target "${target.name}" has no role "${roleOf}"`, [...target.roles.keys()]);
  const role = roleOptions(found.options);
  if (scopeOf === null) return { role, policy: role };
  const scope = found.scopes.get(scopeOf);
  if (!scope) throw unknown(`role "${roleOf}" has no scope "${scopeOf}"`, [...found.scopes.keys()]);
  return { role, policy: scopeOptions(scope.options) };
}

function unknown(message: string, known: readonly string[]): JitError {
  return new JitError('ERR_UNKNOWN_NAME', message, {
    hint: known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`,
  });
}

/** A role that the web identity's token opens directly: AWS takes neither tags nor SourceIdentity there. */
export function isDirect(access: Access): boolean {
  return access.token_file !== null && access.token_role === null;
}

/** The SourceIdentity of sessions of a principal; null: none is set. */
export function identityFor(access: Access, role: RoleOptions, principal: string): string | null {
  return role.source_identity && !isDirect(access) ? sourceIdentity(principal) : null;
}

/** True when AWS ends every session after an hour, because another role is assumed first. */
export function isChained(access: Access, chain: readonly string[]): boolean {
  return chain.length > 0 || access.token_role !== null;
}

/** Longest single session. */
export function longestSession(access: Access, role: RoleOptions): Milliseconds {
  const own = parseDuration(role.max_session);
  return isChained(access, role.chain) ? Math.min(own, 3_600_000) : own;
}

/** @throws JitError `ERR_UNKNOWN_NAME`, or what {@link sessionPolicy} throws */
export function planLease(target: TargetConfig, request: PlanRequest, origin: string): Plan<AwsHandle> {
  const access = accessOf(target);
  const { role, policy } = rightsOf(target, request.role, request.scope);
  const longest = longestSession(access, role);
  const length = request.deadline - request.now;
  // The last of several sessions may begin just before the deadline, and lasts at least 900 seconds.
  const ends =
    length > longest
      ? request.deadline + shortestSession
      : Math.max(request.deadline, request.now + shortestSession) + planSlack;
  const handle: AwsHandle = {
    access,
    lease: request.lease,
    role_arn: role.role_arn,
    chain: role.chain,
    external_id: role.external_id ?? null,
    session_name: sessionName(request.principal, request.lease),
    source_identity: identityFor(access, role, request.principal),
    tags: tagsOf(access, role, request),
    transitive: role.transitive_tags,
    revoke: role.revoke,
    revoke_role: role.revoke_role ?? null,
    policy_name: denyPolicyName(origin),
    deadline: request.deadline,
    ends_by: ends,
    access_key_id: null,
  };
  const shown = {
    length,
    longest,
    isChained: isChained(access, role.chain),
    shortest: shortestSession,
    policy: sessionPolicy(policy, request, request.deadline),
  };
  return { handle, hardDeadline: ends, preview: previewOf(handle, role, shown) };
}

function tagsOf(access: Access, role: RoleOptions, request: PlanRequest): Record<string, string> {
  if (isDirect(access)) return {};
  if (!role.session_tags) return { ...role.tags };
  const { reason, ticket, lease } = request;
  return {
    ...role.tags,
    [leaseTag]: lease,
    ...(reason === null ? {} : { 'jit:reason': createHash('sha256').update(reason).digest('hex') }),
    ...(ticket === null ? {} : { 'jit:ticket': tagValue(ticket) }),
  };
}
