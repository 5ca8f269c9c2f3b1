// What the entitlement that matched asks for: duration, reason, ticket, approvals. All from this one entitlement.

import { formatDuration } from '../core/duration.ts';
import type { TargetConfig } from '../core/target.ts';
import type { Decision, DurationLimit, Entitlement, PolicyRequest } from './config.ts';
import { durationOf } from './evaluate.ts';
import { reasonProblems, ticketOf } from './reason.ts';

const nothing = { entitlement: null, limit: null, ticket: null, hint: null } as const;

/** A denial; the first reason is the one that decided. */
export function denied(reasons: readonly string[], rest: Partial<Decision> = {}): Decision {
  return { ...nothing, ...rest, reasons, outcome: 'denied' };
}

function limitOf(entitlement: Entitlement, target: TargetConfig): DurationLimit {
  if (target.maxDuration !== null && target.maxDuration < entitlement.maxDuration) {
    return { value: target.maxDuration, from: 'target' };
  }
  return { value: entitlement.maxDuration, from: 'entitlement' };
}

/** What the entitlement that matched says. All attributes come from this one. */
export function bind(entitlement: Entitlement, target: TargetConfig, request: PolicyRequest): Decision {
  const limit = limitOf(entitlement, target);
  const duration = durationOf(request, target, entitlement.defaultDuration);
  const ticket = ticketOf(entitlement.reason, request);
  const common = { entitlement: entitlement.name, limit, ticket, hint: null };
  const role = `${request.target}:${request.role}`;
  const scope = request.scope === null ? '' : ` --scope ${request.scope}`;
  if (duration > limit.value) {
    const by = limit.from === 'target' ? `target "${target.name}"` : `entitlement "${entitlement.name}"`;
    const longer = `${formatDuration(duration)} is longer than the ${formatDuration(limit.value)} that ${by} allows`;
    return denied([longer, ...reasonProblems(entitlement.reason, request)], {
      ...common,
      hint: `jit elevate ${role}${scope} --for ${formatDuration(limit.value)}`,
    });
  }
  const problems = reasonProblems(entitlement.reason, request);
  if (problems.length > 0) {
    return denied(problems, { ...common, hint: `jit elevate ${role}${scope} --reason "..."` });
  }
  const allows = `entitlement "${entitlement.name}" allows ${role} for up to ${formatDuration(limit.value)}`;
  if (entitlement.approvals) {
    const { count, from } = entitlement.approvals;
    const needs = `${count} ${count === 1 ? 'approval' : 'approvals'} from ${from.join(', ')} needed`;
    return {
      ...common,
      reasons: [allows, needs],
      outcome: 'needs-approval',
      duration,
      approvals: entitlement.approvals,
    };
  }
  const { onRestart, anchor } = entitlement;
  return { ...common, reasons: [allows], outcome: 'allowed', duration, onRestart, anchor };
}
