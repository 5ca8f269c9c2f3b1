// From what somebody asks for to what the policy and the provider understand: names looked up, defaults filled.

import { JitError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { RoleConfig, TargetConfig } from '../core/target.ts';
import type { Config, Decision, PolicyRequest } from '../policy/config.ts';
import type { Wish } from '../protocol/routes.ts';
import type { Broker } from './broker.ts';
import { type Asker, refusedFor } from './identify.ts';

/** A wish whose names exist. */
export interface Resolved {
  readonly target: TargetConfig;
  readonly role: RoleConfig;
  readonly scope: string | null;
}

/** Looks up target, role and scope. @throws JitError `ERR_UNKNOWN_NAME` with the nearest name as a hint */
export function resolveNames(config: Config, wish: Pick<Wish, 'target' | 'role' | 'scope'>): Resolved {
  const target = resolveTarget(config, wish.target);
  const role = wish.role === null ? onlyRole(target) : target.roles.get(wish.role);
  if (!role) throw unknown(`role of ${target.name}`, wish.role ?? '', [...target.roles.keys()]);
  if (wish.scope !== null && !role.scopes.has(wish.scope)) {
    throw unknown(`scope of ${target.name}:${role.name}`, wish.scope, [...role.scopes.keys()]);
  }
  return { target, role, scope: wish.scope };
}

/** Looks up a target. @throws JitError `ERR_UNKNOWN_NAME` with the nearest name as a hint */
export function resolveTarget(config: Config, name: string): TargetConfig {
  const target = config.targets.get(name);
  if (target) return target;
  throw unknown('target', name, [...config.targets.keys()]);
}

/** Asks the policy; one whose identity is refused is denied whatever the policy says. */
export async function decide(
  broker: Broker,
  asker: Pick<Asker, 'principal'> & Partial<Asker>,
  wish: Omit<Wish, 'identity'>,
): Promise<{ resolved: Resolved; decision: Decision; digest: string }> {
  const { config, policy } = await broker.policy.current();
  const resolved = resolveNames(config, wish);
  const refused = refusedFor(broker, asker);
  if (refused !== null) return { resolved, decision: refused, digest: policy.digest };
  const request = policyRequest(asker.principal, resolved, wish, broker.clock.now());
  return { resolved, decision: policy.decide(request), digest: policy.digest };
}

/** What the policy is asked for a resolved wish. */
export function policyRequest(
  principal: string,
  resolved: Resolved,
  wish: Omit<Wish, 'identity'>,
  now: number,
): PolicyRequest {
  return {
    principal,
    target: resolved.target.name,
    role: resolved.role.name,
    scope: resolved.scope,
    duration: wish.duration,
    reason: wish.reason,
    ticket: wish.ticket,
    interactive: wish.interactive,
    ci: wish.ci,
    now,
  };
}

function onlyRole(target: TargetConfig): RoleConfig | undefined {
  if (target.roles.size === 1) return [...target.roles.values()][0];
  const names = [...target.roles.keys()];
  throw new JitError('ERR_INPUT_NEEDED', `"${target.name}" has several roles: ${names.join(', ')}`, {
    hint: `jit elevate ${target.name}:${names[0] ?? ''}`,
  });
}

function unknown(what: string, name: string, known: readonly string[]): JitError {
  const guess = nearest(name, known);
  const list = known.length === 0 ? 'there is none' : `known: ${known.join(', ')}`;
  return new JitError('ERR_UNKNOWN_NAME', `no ${what} is named "${name}" (${list})`, {
    hint: guess === null ? 'jit targets' : `did you mean "${guess}"?`,
  });
}
