// What is allowed in a config but hardly meant. Runs on checked values only.

import type { Config, Entitlement } from './config.ts';
import { groupOf, matchesWildcard, splitRole } from './names.ts';

function covers(pattern: string, role: string): boolean {
  const outer = splitRole(pattern);
  const inner = splitRole(role);
  return matchesWildcard(outer.target, inner.target) && matchesWildcard(outer.role, inner.role);
}

/** True when whoever `later` matches is matched by `earlier` already. */
function shadows(earlier: Entitlement, later: Entitlement): boolean {
  if (earlier.when !== null) return false;
  const who = earlier.who.includes('everyone') || later.who.every((one) => earlier.who.includes(one));
  const roles = later.roles.every((role) => earlier.roles.some((pattern) => covers(pattern, role)));
  const allowed = earlier.scopes;
  const scopes = allowed === null || (later.scopes?.every((scope) => allowed.includes(scope)) ?? false);
  return who && roles && scopes;
}

/** Sentences about a config: roles that nobody may use, rules that never decide, groups that nothing names. */
export function configWarnings(config: Config): string[] {
  const warnings: string[] = [];
  for (const target of config.targets.values()) {
    for (const role of target.roles.keys()) {
      const path = `${target.name}:${role}`;
      const reached = config.entitlements.some(({ roles }) => roles.some((pattern) => covers(pattern, path)));
      if (!reached) warnings.push(`no entitlement names the role "${path}": nobody may use it`);
    }
  }
  for (const [index, entitlement] of config.entitlements.entries()) {
    const earlier = config.entitlements.slice(0, index).find((one) => shadows(one, entitlement));
    if (earlier) {
      warnings.push(
        `entitlement "${entitlement.name}" never decides: "${earlier.name}" stands before it and matches all that it matches`,
      );
    }
    for (const pattern of entitlement.roles.filter((role) => role.includes('*'))) {
      const some = [...config.targets.values()].some((target) =>
        [...target.roles.keys()].some((role) => covers(pattern, `${target.name}:${role}`)),
      );
      if (!some) warnings.push(`"${pattern}" in entitlement "${entitlement.name}" matches no role`);
    }
  }
  const jobs = new Set(
    [...config.issuers.values()].flatMap((issuer) => issuer.jobs.map(({ name }) => `job:${name}`)),
  );
  const mentioned = [...config.entitlements.flatMap(({ who }) => who), ...[...config.groups.values()].flat()];
  for (const job of new Set(mentioned)) {
    if (job.startsWith('job:') && !jobs.has(job))
      warnings.push(`no issuer has the job "${job}": nobody is it`);
  }
  const named = new Set(
    [
      ...config.entitlements.flatMap(({ who, approvals }) => [...who, ...(approvals?.from ?? [])]),
      ...[...config.groups.values()].flat(),
    ].map(groupOf),
  );
  for (const [group, members] of config.groups) {
    if (!named.has(group)) warnings.push(`group "${group}" is named nowhere`);
    if (members.length === 0) warnings.push(`group "${group}" has no members`);
  }
  return warnings;
}
