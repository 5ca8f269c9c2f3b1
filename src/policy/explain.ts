// How a request fares with every entitlement, in file order, and what comes of it. Denies unless an entitlement
// matches, nothing forbids, and everything that the entitlement asks for is there.

import { isPrincipal } from '../core/principal.ts';
import type { Compiled } from './compile.ts';
import type { Config, Decision, PolicyRequest } from './config.ts';
import { misfit, quoted } from './consider.ts';
import { groupsOf } from './entities.ts';
import { forbidding, matching } from './evaluate.ts';
import { bind, denied } from './terms.ts';

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

function failure(policy: string | null): Decision {
  return denied([
    policy === null
      ? 'the policy could not be evaluated, so everything is denied'
      : `the policy "${policy}" could not be evaluated, so everything is denied`,
  ]);
}

/** The last instant that a date can hold. */
const latest = 8.64e15;

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
  if (!(Math.abs(request.now) <= latest)) return 'the time of the request is not known';
  return null;
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

/** Decides, and says how. Never throws for any request: what cannot be evaluated is denied. */
export function explain(compiled: Compiled, request: PolicyRequest): Explanation {
  const { config } = compiled;
  const problem = malformed(config, request);
  const target = config.targets.get(request.target);
  if (problem !== null || !target) return { decision: denied([problem ?? 'unknown target']), considered: [] };

  const answer = matching(compiled, request, target);
  if ('failed' in answer) return { decision: failure(answer.failed), considered: [] };

  const groups = groupsOf(config, request.principal);
  const near: string[] = [];
  const considered: Considered[] = [];
  for (const [index, entitlement] of config.entitlements.entries()) {
    const reason = misfit(entitlement, request, groups);
    const matched = answer.matched.has(index);
    // Two ways to the same answer: if they differ, neither can be trusted with an allow.
    if ((matched && reason !== null) || (!matched && reason === null && entitlement.when === null)) {
      return { decision: failure(entitlement.name), considered };
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
  if (!verdict.ok) return { decision: failure(verdict.policy), considered };
  if (verdict.decision === 'deny') {
    const reasons = verdict.ids.map((id) => `forbidden by the policy "${id}"`);
    const decision = denied(reasons.length > 0 ? reasons : ['forbidden by a policy'], {
      entitlement: entitlement.name,
    });
    return { decision, considered };
  }
  return { decision: bind(entitlement, target, request), considered };
}
