// `GET /v1/targets`: what can be asked for, and what the caller may have of it now.

import { setImmediate } from 'node:timers/promises';
import type { Config, Policy } from '../policy/config.ts';
import type { TargetsReply } from '../protocol/routes.ts';
import type { Broker, Caller } from './broker.ts';
import { frecency, memory, most } from './frecency.ts';

/**
 * Every target with its roles. The policy is asked as for a request without scope, from a terminal. With thousands of
 * roles that takes seconds: others are let in between two targets.
 */
export async function targets(broker: Broker, caller: Caller): Promise<TargetsReply> {
  const { config, policy } = await broker.policy.current();
  const all: TargetsReply['targets'][number][] = [];
  for (const target of config.targets.values()) {
    if (all.length > 0) await setImmediate();
    all.push({
      name: target.name,
      provider: target.provider,
      description: target.description,
      risk: target.risk,
      console: broker.providers.hasConsole(target),
      roles: [...target.roles.values()].map((role) => ({
        name: role.name,
        description: role.description,
        scopes: [...role.scopes.keys()],
        frecency: frecencyOf(broker, caller, target.name, role.name),
        ...limits(broker, caller, config, policy, target.name, role.name),
      })),
    });
  }
  return { targets: all };
}

/** Of the caller's own grants: what others use is not their business. */
function frecencyOf({ ledger, clock }: Broker, { principal }: Caller, target: string, role: string): number {
  const now = clock.now();
  return frecency(ledger.store.grantedTimes({ principal, target, role }, now - memory, most), now);
}

function limits(
  broker: Broker,
  caller: Caller,
  config: Config,
  policy: Policy,
  target: string,
  role: string,
): { maxDuration: number | null; needsApproval: boolean } {
  // A role that is given only within a scope is still worth showing, so each scope is tried as well.
  const scopes = [null, ...(config.targets.get(target)?.roles.get(role)?.scopes.keys() ?? [])];
  for (const scope of scopes) {
    const decision = policy.decide({
      principal: caller.principal,
      target,
      role,
      scope,
      duration: null,
      reason: null,
      ticket: null,
      interactive: true,
      ci: false,
      now: broker.clock.now(),
    });
    if (decision.limit !== null) {
      const rule = config.entitlements.find(({ name }) => name === decision.entitlement);
      return { maxDuration: decision.limit.value, needsApproval: rule?.approvals != null };
    }
  }
  return { maxDuration: null, needsApproval: false };
}
