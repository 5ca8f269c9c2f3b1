// `POST /v1/extend`: a later end for a grant, within what the policy gives for the whole of it.

import type { EventData } from '../audit/event.ts';
import { JitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import { moveLease } from '../core/lease.ts';
import type { ExtendRequest, GrantView } from '../protocol/routes.ts';
import type { Broker, Caller } from './broker.ts';
import { writePromptState } from './prompt-state.ts';
import { placeOf, tellChange } from './revocation.ts';
import { findGrant } from './revoke.ts';
import { grantView } from './views.ts';
import { decide } from './wish.ts';

/**
 * Moves the end to `duration` from now. The policy is asked anew, for the whole time from the start of the
 * grant to its new end, so that extending never gives more than asking once would have.
 * @throws JitError `ERR_POLICY_DENIED`, `ERR_CONFLICT` (not active), `ERR_USAGE` (would shorten)
 */
export async function extend(broker: Broker, caller: Caller, request: ExtendRequest): Promise<GrantView> {
  const { ledger, clock } = broker;
  const grant = findGrant(broker, caller, request.grant);
  if (grant.state !== 'active' || grant.startedAt === null || grant.deadline === null) {
    throw new JitError('ERR_CONFLICT', `grant "${grant.id}" has ended and cannot be extended`, {
      hint: `jit elevate ${grant.target}:${grant.role}`,
    });
  }
  const now = clock.now();
  const deadline = now + request.duration;
  if (deadline <= grant.deadline) {
    throw new JitError('ERR_USAGE', `grant "${grant.id}" already lasts longer than that`, {
      hint: 'jit status',
    });
  }
  const wish = {
    target: grant.target,
    role: grant.role,
    scope: grant.scope,
    duration: deadline - grant.startedAt,
    reason: request.reason ?? grant.reason,
    ticket: grant.ticket,
    ...askedBy(broker, grant),
    parent: grant.parent,
  };
  const { decision, digest } = await decide(broker, caller, wish);
  const parent = grant.parent === null ? null : ledger.grant(grant.parent);
  if (parent && deadline > (parent.deadline ?? 0)) {
    throw new JitError('ERR_POLICY_DENIED', `the grant around it, "${parent.id}", ends before that`, {
      hint: `jit extend ${parent.id}`,
    });
  }
  if (decision.outcome !== 'allowed') {
    const why = `${decision.reasons.join('; ')} (counted from the start of the grant)`;
    const data = {
      entitlement: decision.entitlement,
      policy: digest,
      code: 'ERR_POLICY_DENIED',
      why,
    } as const;
    ledger.write({ events: [{ type: 'grant.denied', at: now, ...placeOf(grant), data }] });
    throw new JitError('ERR_POLICY_DENIED', `grant "${grant.id}" cannot be extended: ${why}`, {
      hint: decision.hint ?? `jit policy explain ${grant.target}:${grant.role}`,
    });
  }
  for (const { id } of ledger.leasesOf(grant.id)) {
    const before = ledger.lease(id);
    if (before?.state !== 'active') continue;
    const provider = await broker.providers.forLease(before);
    if (!provider.renew) throw new JitError('ERR_UNSUPPORTED', `"${grant.target}" cannot extend a grant`);
    const signal = AbortSignal.timeout(broker.timing.call);
    // The target first: if we die before the record, the old deadline still holds here.
    const { hardDeadline } = await provider.renew(before.handle, deadline, signal);
    const lease = ledger.lease(id);
    const current = ledger.grant(grant.id);
    if (lease?.state !== 'active' || current?.state !== 'active') {
      throw new JitError('ERR_CONFLICT', `grant "${grant.id}" ended while it was being extended`);
    }
    const at = clock.now();
    const longer = {
      deadline,
      hardDeadline,
      bootId: clock.bootId,
      bootDeadline: clock.sinceBoot() + (deadline - at),
    };
    const until = new Date(deadline).toISOString();
    const hard = new Date(hardDeadline).toISOString();
    ledger.write({
      grants: [{ ...current, deadline }],
      leases: [moveLease(lease, 'active', longer)],
      events: [
        {
          type: 'grant.extended',
          at,
          ...placeOf(grant),
          data: {
            entitlement: decision.entitlement ?? '',
            policy: digest,
            deadline: until,
            by_ms: deadline - (current.deadline ?? at),
            reason: request.reason,
          },
        },
        {
          type: 'lease.renewed',
          at,
          ...placeOf(grant),
          lease: id,
          data: { deadline: until, hard_deadline: hard },
        },
      ],
    });
    // What is served was made for the old end.
    await broker.refreshing.get(id)?.now();
  }
  writePromptState(broker);
  tellChange(broker, grant.id);
  return grantView(broker, ledger.grant(grant.id) ?? grant);
}

/** How the grant was asked for: what was given to a person at a terminal is not a script's to extend, nor the reverse. */
function askedBy(broker: Broker, grant: Grant): { interactive: boolean; ci: boolean } {
  const [asked] = broker.ledger.store.events({ grant: grant.id, type: 'grant.requested', limit: 1 });
  const { via } = (asked?.body.data ?? { via: 'script' }) as EventData['grant.requested'];
  return { interactive: via === 'terminal', ci: via === 'ci' };
}
