// Asks Cedar. Whatever is not a clean answer is an error for the caller to deny by.

import type { AuthorizationAnswer, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import type { TargetConfig } from '../core/target.ts';
import type { Milliseconds } from '../core/time.ts';
import { type Compiled, forbidId, policyId } from './compile.ts';
import type { Entitlement, PolicyRequest } from './config.ts';
import { contextOf, entitiesOf, principalEntity, roleEntity } from './entities.ts';
import { ticketOf } from './reason.ts';

/** What Cedar said: the policies that decided, or the one that failed. */
export type Evaluation =
  | { readonly ok: true; readonly decision: 'allow' | 'deny'; readonly ids: readonly string[] }
  | { readonly ok: false; readonly policy: string | null };

/**
 * Cedar skips a policy that fails while it runs, so that a failing `forbid` would let a request through:
 * any failure at all spoils the whole answer.
 */
function ask(
  compiled: Compiled,
  call: Omit<StatefulAuthorizationCall, 'preparsedSchemaName' | 'validateRequest'>,
): Evaluation {
  let answer: AuthorizationAnswer;
  try {
    answer = compiled.cedar.statefulIsAuthorized({
      ...call,
      preparsedSchemaName: compiled.schema,
      validateRequest: true,
    });
  } catch {
    return { ok: false, policy: null };
  }
  if (answer.type === 'failure') return { ok: false, policy: null };
  const { decision, diagnostics } = answer.response;
  const [failed] = diagnostics.errors;
  if (failed) return { ok: false, policy: failed.policyId };
  return { ok: true, decision, ids: diagnostics.reason };
}

function partsOf(compiled: Compiled, request: PolicyRequest, target: TargetConfig) {
  return {
    principal: principalEntity(request.principal),
    action: { type: 'Action', id: 'request' },
    resource: roleEntity(request.target, request.role),
    entities: entitiesOf(compiled.config, request, target),
  };
}

/** How long the grant would be: as asked, else the default within what the target allows. */
export function durationOf(
  request: PolicyRequest,
  target: TargetConfig,
  defaultDuration: Milliseconds,
): Milliseconds {
  return request.duration ?? Math.min(defaultDuration, target.maxDuration ?? defaultDuration);
}

/** Places in the file of the entitlements that match, or the first failure. */
export function matching(
  compiled: Compiled,
  request: PolicyRequest,
  target: TargetConfig,
): { readonly matched: ReadonlySet<number> } | { readonly failed: string | null } {
  const { entitlements } = compiled.config;
  const parts = partsOf(compiled, request, target);
  const ids = new Set<string>();
  for (const batch of compiled.batches) {
    const duration = durationOf(request, target, batch.defaultDuration);
    const ticket = ticketOf({ required: false, pattern: null, ticket: batch.ticket, presets: [] }, request);
    const answer = ask(compiled, {
      ...parts,
      context: contextOf(request, { duration, ticket, timezone: batch.timezone }),
      preparsedPolicySetId: batch.set,
    });
    if (!answer.ok) {
      const failed = entitlements.find((_, index) => policyId(index) === answer.policy);
      return { failed: failed?.name ?? null };
    }
    for (const id of answer.ids) ids.add(id);
  }
  const matched = entitlements.flatMap((_, index) => (ids.has(policyId(index)) ? [index] : []));
  return { matched: new Set(matched) };
}

/** What the .cedar files say, told in the zone of the entitlement that matched; `ids` are names of policies. */
export function forbidding(
  compiled: Compiled,
  request: PolicyRequest,
  target: TargetConfig,
  entitlement: Entitlement,
): Evaluation {
  if (compiled.forbids === null) return { ok: true, decision: 'allow', ids: [] };
  const duration = durationOf(request, target, entitlement.defaultDuration);
  const answer = ask(compiled, {
    ...partsOf(compiled, request, target),
    context: contextOf(request, {
      duration,
      ticket: ticketOf(entitlement.reason, request),
      timezone: entitlement.timezone,
    }),
    preparsedPolicySetId: compiled.forbids.set,
  });
  const nameOf = (id: string) => compiled.forbids?.names.find((_, index) => forbidId(index) === id);
  if (!answer.ok) return { ok: false, policy: nameOf(answer.policy ?? '') ?? null };
  return { ...answer, ids: answer.ids.map((id) => nameOf(id) ?? id) };
}
