// One entitlement against one request, without its condition: who, role, scope. Says why not, in words. The
// decision itself is Cedar's; both have to agree.

import type { Entitlement, PolicyRequest } from './config.ts';
import { groupOf, matchesWildcard, splitRole } from './names.ts';
import { visible } from './problem.ts';

/** The first part of an entitlement that a request does not fit; null when all fit. */
export interface Misfit {
  readonly part: 'who' | 'role' | 'scope';
  readonly why: string;
}

/** A text of the request as it is shown: in quotes, without control characters. */
export function quoted(text: string): string {
  return visible(JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text));
}

/**
 * Why `entitlement` does not fit `request`; null when it fits, its condition left aside.
 * @param groups all groups that hold the principal
 */
export function misfit(
  entitlement: Entitlement,
  request: PolicyRequest,
  groups: ReadonlySet<string>,
): Misfit | null {
  const isMeant = entitlement.who.some(
    (who) => who === 'everyone' || who === request.principal || groups.has(groupOf(who) ?? ''),
  );
  if (!isMeant) return { part: 'who', why: `it is not for ${quoted(request.principal)}` };
  const isNamed = entitlement.roles.some((text) => {
    const pattern = splitRole(text);
    return matchesWildcard(pattern.target, request.target) && matchesWildcard(pattern.role, request.role);
  });
  if (!isNamed)
    return { part: 'role', why: `it does not name the role ${quoted(`${request.target}:${request.role}`)}` };
  if (entitlement.scopes !== null && !entitlement.scopes.includes(request.scope ?? '')) {
    const list = entitlement.scopes.join(', ');
    return {
      part: 'scope',
      why:
        request.scope === null
          ? `it wants a scope to be named, one of ${list}`
          : `it does not allow the scope ${quoted(request.scope)}, only ${list}`,
    };
  }
  return null;
}
