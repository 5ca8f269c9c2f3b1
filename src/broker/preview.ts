// `POST /v1/preview`: what an elevation would give, or why not. Records nothing.

import type { PreviewReply, Wish } from '../protocol/routes.ts';
import type { Broker, Caller } from './broker.ts';
import { identify } from './identify.ts';
import { previewLines } from './preview-lines.ts';
import { decide } from './wish.ts';

/** The decision and the provider's own lines for it. @throws JitError as `elevate` does for unknown names */
export async function preview(broker: Broker, from: Caller, wish: Wish): Promise<PreviewReply> {
  const caller = await identify(broker, from, wish.identity);
  const { resolved, decision } = await decide(broker, caller, wish);
  const config = await broker.policy.config();
  const rule = config.entitlements.find((entitlement) => entitlement.name === decision.entitlement);
  const around = timeAround(broker, wish.parent);
  const duration = decision.outcome === 'denied' ? null : Math.min(decision.duration, around);
  return {
    outcome: decision.outcome,
    principal: caller.principal,
    target: resolved.target.name,
    risk: resolved.target.risk,
    role: resolved.role.name,
    scope: resolved.scope,
    duration,
    entitlement: decision.entitlement,
    reasons: decision.reasons,
    hint: decision.hint,
    reasonRequired: rule?.reason.required ?? false,
    reasonPresets: rule?.reason.presets ?? [],
    lastReason: broker.ledger.store.lastReason({
      principal: caller.principal,
      target: resolved.target.name,
      role: resolved.role.name,
    }),
    onEnd: resolved.target.onEnd,
    preview:
      duration === null
        ? []
        : [
            ...(await lines(
              broker,
              caller,
              { ...wish, ticket: decision.ticket ?? wish.ticket },
              resolved,
              duration,
            )),
            ...(duration === around ? [`ends with the grant around it (${wish.parent})`] : []),
          ],
  };
}

/** What is left of the grant that the caller runs inside of. One that has ended is refused when something is asked for. */
function timeAround({ ledger, clock }: Broker, parent: string | null): number {
  const grant = parent === null ? null : ledger.grant(parent);
  if (grant?.state !== 'active' || grant.deadline === null) return Number.POSITIVE_INFINITY;
  return Math.max(0, grant.deadline - clock.now());
}

async function lines(
  broker: Broker,
  caller: Caller,
  wish: Wish,
  resolved: Awaited<ReturnType<typeof decide>>['resolved'],
  duration: number,
): Promise<readonly string[]> {
  const provider = await broker.providers.forTarget(resolved.target);
  const now = broker.clock.now();
  return previewLines(provider, {
    principal: caller.principal,
    reason: wish.reason,
    ticket: wish.ticket,
    role: resolved.role.name,
    scope: resolved.scope,
    now,
    deadline: now + duration,
  });
}
