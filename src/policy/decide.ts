// (policy, request) -> decision with reasons. Denies unless an entitlement matches and everything it asks for
// is there. Reads top to bottom in the order in which the rules are applied.

import { formatDuration } from '../core/duration.ts';
import { isPrincipal } from '../core/principal.ts';
import type { TargetConfig } from '../core/target.ts';
import { type Compiled, compile, policyId } from './compile.ts';
import type { Config, Decision, DurationLimit, Entitlement, Policy, PolicyRequest } from './config.ts';
import { misfit, quoted } from './consider.ts';
import { durationOf, forbidding, matching } from './evaluate.ts';
import type { LoadedConfig } from './load.ts';
import { reasonProblems } from './reason.ts';

/** What became of one entitlement for one request. */
export interface Considered {
  readonly entitlement: string;
  readonly matched: boolean;
  readonly why: string;
}

/** A decision, and how every entitlement in file order fared. */
export interface Explanation {
  readonly decision: Decision;
  readonly considered: readonly Considered[];
}

/** A policy that also explains itself. */
export interface LoadedPolicy extends Policy {
  readonly config: Config;
  /** What is odd but allowed: of the config, its conditions and its .cedar files. */
  readonly warnings: readonly string[];
  explain(request: PolicyRequest): Explanation;
}

const nothing = { entitlement: null, limit: null, hint: null } as const;

function denied(reasons: readonly string[], rest: Partial<Decision> = {}): Decision {
  return { ...nothing, ...rest, reasons, outcome: 'denied' };
}

function failure(compiled: Compiled, id: string | null): Decision {
  const index = compiled.config.entitlements.findIndex((_, place) => policyId(place) === id);
  const name = compiled.config.entitlements[index]?.name ?? id;
  return denied([
    name === null
      ? 'the policy could not be evaluated, so it denies'
      : `the policy "${name}" could not be evaluated, so everything is denied`,
  ]);
}

/** Why the request makes no sense for this config; null when it does. */
function malformed(config: Config, request: PolicyRequest): string | null {
  const target = config.targets.get(request.target);
  const role = target?.roles.get(request.role);
  const { duration, scope } = request;
  if (!isPrincipal(request.principal)) return `${quoted(request.principal)} is not a principal`;
  if (!target) return `there is no target ${quoted(request.target)}`;
  if (!role) return `target ${quoted(request.target)} has no role ${quoted(request.role)}`;
  if (scope !== null && !role.scopes.has(scope)) {
    return `role ${quoted(`${request.target}:${request.role}`)} has no scope ${quoted(scope)}`;
  }
  if (duration !== null && !(Number.isSafeInteger(duration) && duration > 0))
    return 'the duration is not positive';
  if (!Number.isFinite(request.now)) return 'the time of the request is not known';
  return null;
}

function limitOf(entitlement: Entitlement, target: TargetConfig): DurationLimit {
  if (target.maxDuration !== null && target.maxDuration < entitlement.maxDuration) {
    return { value: target.maxDuration, from: 'target' };
  }
  return { value: entitlement.maxDuration, from: 'entitlement' };
}

function nobody(
  request: PolicyRequest,
  considered: readonly Considered[],
  near: readonly string[],
): Decision {
  const role = `${request.target}:${request.role}`;
  const scope = request.scope === null ? '' : ` with scope ${quoted(request.scope)}`;
  const first = `no entitlement gives ${request.principal} the role ${role}${scope}`;
  const why = considered.filter(({ entitlement }) => near.includes(entitlement));
  return denied([first, ...why.map((one) => `entitlement "${one.entitlement}": ${one.why}`)], {
    hint: `jit policy explain ${role}`,
  });
}

/** What the entitlement that matched says. All attributes come from this one. */
function bind(entitlement: Entitlement, target: TargetConfig, request: PolicyRequest): Decision {
  const limit = limitOf(entitlement, target);
  const duration = durationOf(request, target, entitlement.defaultDuration);
  const common = { entitlement: entitlement.name, limit, hint: null };
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
  return { ...common, reasons: [allows], outcome: 'allowed', duration, onRestart: entitlement.onRestart };
}

function explainWith(compiled: Compiled, request: PolicyRequest): Explanation {
  const { config } = compiled;
  const problem = malformed(config, request);
  const target = config.targets.get(request.target);
  if (problem !== null || !target) return { decision: denied([problem ?? 'unknown target']), considered: [] };

  const answer = matching(compiled, request, target);
  if ('failed' in answer) return { decision: failure(compiled, answer.failed), considered: [] };

  const near: string[] = [];
  const considered: Considered[] = [];
  for (const [index, entitlement] of config.entitlements.entries()) {
    const reason = misfit(config, entitlement, request);
    const matched = answer.matched.has(index);
    // Two ways to the same answer: if they differ, neither can be trusted with an allow.
    if ((matched && reason !== null) || (!matched && reason === null && entitlement.when === null)) {
      return { decision: failure(compiled, policyId(index)), considered };
    }
    const why = matched
      ? 'who, role, scope and condition match'
      : (reason?.why ?? 'its condition does not hold');
    if (!matched && (reason === null || reason.part === 'scope')) near.push(entitlement.name);
    considered.push({ entitlement: entitlement.name, matched, why });
  }

  const entitlement = config.entitlements.find((_, index) => answer.matched.has(index));
  if (!entitlement) return { decision: nobody(request, considered, near), considered };
  const verdict = forbidding(compiled, request, target, entitlement);
  if (!verdict.ok) return { decision: failure(compiled, verdict.policy), considered };
  if (verdict.decision === 'deny') {
    const reasons = verdict.ids.map((id) => `forbidden by the policy "${id}"`);
    const decision = denied(reasons.length > 0 ? reasons : ['forbidden by a policy'], {
      entitlement: entitlement.name,
    });
    return { decision, considered };
  }
  return { decision: bind(entitlement, target, request), considered };
}

/**
 * The policy of a config, ready to decide. Loads Cedar (some 50 MB), so call it at the first decision.
 * `decide` never throws for any request: what cannot be evaluated is denied.
 * @throws JitError `ERR_CONFIG` when a `when` or a .cedar file is not valid, with file, line and column.
 */
export async function createPolicy(config: Config | LoadedConfig): Promise<LoadedPolicy> {
  const compiled = await compile(config);
  return {
    config,
    digest: config.digest,
    warnings: [...('warnings' in config ? config.warnings : []), ...compiled.warnings],
    explain: (request) => explainWith(compiled, request),
    decide: (request) => explainWith(compiled, request).decision,
  };
}
