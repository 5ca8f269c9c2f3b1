// What a lease would be: the handle, chosen before anything exists, and lines for people. Pure.

import { formatDuration, parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Plan, PlanRequest } from '../provider.ts';
import type { Access, CommandHandle } from './handle.ts';
import { externalName } from './names.ts';
import { settingsOf, targetOptions } from './schema.ts';

export function accessOf(target: TargetConfig): Access {
  const { issue, revoke, confirm, list, timeout, env } = targetOptions(target);
  return {
    target: target.name,
    issue,
    revoke,
    confirm: confirm ?? null,
    list: list ?? null,
    timeout_ms: parseDuration(timeout),
    env,
  };
}

/** @throws JitError `ERR_UNKNOWN_NAME` when the target has no such role, or the role no such scope */
export function planLease(target: TargetConfig, request: PlanRequest, origin: string): Plan<CommandHandle> {
  const { ends_by_itself, max_lifetime } = targetOptions(target);
  const longest = max_lifetime === undefined ? 0 : parseDuration(max_lifetime);
  const endsBy = ends_by_itself ? Math.max(request.deadline, request.now + longest) : null;
  const handle: CommandHandle = {
    access: accessOf(target),
    name: externalName(origin, request.lease),
    options: settingsFor(target, request),
    deadline: request.deadline,
    ends_by: endsBy,
    expires_at: null,
    told: null,
  };
  return { handle, hardDeadline: endsBy ?? request.deadline, preview: previewOf(handle, request) };
}

/** `with:` of all three, key by key; a scope wins over its role, a role over its target. */
function settingsFor(
  target: TargetConfig,
  { role: roleName, scope: scopeName }: Pick<PlanRequest, 'role' | 'scope'>,
): Readonly<Record<string, Json>> {
  const role = target.roles.get(roleName);
  if (!role) throw unknown(`target "${target.name}" has no role "${roleName}"`, [...target.roles.keys()]);
  const common = { ...settingsOf(target.options), ...settingsOf(role.options) };
  if (scopeName === null) return common;
  const scope = role.scopes.get(scopeName);
  if (!scope) throw unknown(`role "${roleName}" has no scope "${scopeName}"`, [...role.scopes.keys()]);
  return { ...common, ...settingsOf(scope.options) };
}

function unknown(message: string, known: readonly string[]): JitError {
  return new JitError('ERR_UNKNOWN_NAME', message, {
    hint: known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`,
  });
}

function previewOf(handle: CommandHandle, request: PlanRequest): string[] {
  const { access, name, options, ends_by, deadline } = handle;
  const settings = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return [
    `made as ${name} by ${access.issue.join(' ')}`,
    ...(settings.length > 0 ? [`with ${settings.join(', ')}`] : []),
    endLine(ends_by, deadline, request),
    access.confirm === null
      ? `taken back by ${access.revoke.join(' ')}, whose word is taken for it`
      : `taken back by ${access.revoke.join(' ')}; ${access.confirm.join(' ')} looks whether it is gone`,
  ];
}

function endLine(endsBy: number | null, deadline: number, { now }: PlanRequest): string {
  if (endsBy === null) {
    return 'the target does not end it by itself: it lives until it is taken back, which is tried for ever';
  }
  if (endsBy - deadline < 60_000) return 'the target ends it by itself at the deadline';
  return `the target itself may end it only after ${formatDuration(endsBy - now)}: it is taken back at the deadline`;
}
