// `POST /v1/extend`: a later end for a grant, within what the policy gives for the whole of it.

import type { AuditEvent } from '../audit/event.ts';
import { formatDuration } from '../core/duration.ts';
import { JitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import { moveLease } from '../core/lease.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Decision } from '../policy/config.ts';
import type { ExtendRequest } from '../protocol/routes.ts';
import type { GrantView } from '../protocol/views.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Broker, Caller } from './broker.ts';
import { grantMeant } from './grant-meant.ts';
import { isoTime } from './intent.ts';
import type { Entry } from './ledger.ts';
import { prolong } from './prolong.ts';
import { writePromptState } from './prompt-state.ts';
import { endGrant, placeOf, tellChange } from './revocation.ts';
import { findGrant } from './revoke.ts';
import { grantView } from './views.ts';
import { decide } from './wish.ts';

/**
 * Moves the end to `duration` from now. The policy is asked anew, for the whole time from the start of the
 * grant to its new end, so that extending never gives more than asking once would have.
 * @throws JitError `ERR_POLICY_DENIED`, `ERR_CONFLICT` (not active), `ERR_USAGE` (would shorten)
 */
export async function extend(broker: Broker, caller: Caller, request: ExtendRequest): Promise<GrantView> {
  const next = (meant: string): string => `jit extend ${meant} --for ${formatDuration(request.duration)}`;
  // What has ended and is not gone yet cannot be extended.
  const { id } = grantMeant(broker, caller, request.grant, next, ({ state }) => state === 'active');
  const before = underWay.get(id);
  const own = Promise.resolve(before?.catch(() => undefined)).then(() =>
    extendNow(broker, caller, { ...request, grant: id }),
  );
  underWay.set(id, own);
  try {
    return await own;
  } finally {
    if (underWay.get(id) === own) underWay.delete(id);
  }
}

/** One after the other, by grant: who asks for less than another one just got must be told so, not shorten it. */
const underWay = new Map<string, Promise<GrantView>>();

async function extendNow(broker: Broker, caller: Caller, request: ExtendRequest): Promise<GrantView> {
  const { ledger, clock } = broker;
  const grant = findGrant(broker, caller, request.grant);
  if (grant.state !== 'active' || grant.startedAt === null || grant.deadline === null) {
    throw new JitError('ERR_CONFLICT', `grant "${grant.id}" is not active and cannot be extended`, {
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
    // What was given to a person at a terminal is not a script's to extend, nor the reverse.
    interactive: grant.via === 'terminal',
    ci: grant.via === 'ci',
    parent: grant.parent,
  };
  const { decision, digest } = await decide(broker, grant, wish);
  const parent = grant.parent === null ? null : ledger.grant(grant.parent);
  if (parent && deadline > (parent.deadline ?? 0)) {
    throw new JitError('ERR_POLICY_DENIED', `the grant around it, "${parent.id}", ends before that`, {
      hint: `jit extend ${parent.id} --for ${formatDuration(request.duration)}`,
    });
  }
  if (decision.outcome !== 'allowed') {
    const why = whyNot(decision, wish.duration, request.duration);
    const data = {
      entitlement: decision.entitlement,
      policy: digest,
      code: 'ERR_POLICY_DENIED',
      why,
    } as const;
    ledger.write({ events: [{ type: 'grant.extension_denied', at: now, ...placeOf(grant), data }] });
    throw new JitError('ERR_POLICY_DENIED', `grant "${grant.id}" cannot be extended: ${why}`, {
      hint:
        hintFor(grant, decision, now, wish.duration) ?? `jit policy explain ${grant.target}:${grant.role}`,
    });
  }
  await broker.deviceKey.ready();
  await broker.sync.withinLimits();
  // The targets first: if we die before the record of the new deadline, the old one still holds here.
  const { ends: hardDeadlines, prolonged } = await renewOnTargets(broker, grant, deadline);
  const current = ledger.grant(grant.id);
  const leases = ledger.openLeasesOf(grant.id);
  if (current?.state !== 'active' || leases.some((lease) => lease.state !== 'active')) {
    throw new JitError('ERR_CONFLICT', `grant "${grant.id}" ended while it was being extended`);
  }
  const at = clock.now();
  const until = isoTime(deadline);
  const renewed = leases.map((lease) =>
    moveLease(lease, 'active', {
      deadline,
      hardDeadline: hardDeadlines.get(lease.id) ?? lease.hardDeadline,
      bootId: clock.bootId,
      bootDeadline: clock.sinceBoot() + (deadline - at),
      lastError: null,
    }),
  );
  const extended = {
    entitlement: decision.entitlement ?? '',
    policy: digest,
    deadline: until,
    by_ms: deadline - (current.deadline ?? at),
    reason: request.reason,
  };
  const entry: Entry = {
    grants: [{ ...current, deadline }],
    leases: renewed,
    events: [
      { type: 'grant.extended', at, ...placeOf(grant), data: extended },
      ...renewed.map(({ id, hardDeadline }): AuditEvent => {
        const data = { deadline: until, hard_deadline: isoTime(hardDeadline) };
        return { type: 'lease.renewed', at, ...placeOf(grant), lease: id, data };
      }),
    ],
  };
  try {
    ledger.write(entry);
  } catch (thrown) {
    // What was made for the new end would be served from now on, and no record tells that the grant has that end.
    if (prolonged.size > 0) void endGrant(broker, grant.id, 'audit-failed');
    throw thrown;
  }
  failpoint('extend.recorded');
  for (const { id } of renewed) {
    const refreshing = broker.refreshing.get(id);
    if (prolonged.has(id)) refreshing?.look();
    // What is served was made for the old end.
    else await refreshing?.now();
  }
  writePromptState(broker);
  tellChange(broker, grant.id);
  return grantView(broker, ledger.grant(grant.id) ?? grant);
}

/** In the words of the person: that long from now. The policy was asked for the whole, from the start. */
function whyNot(decision: Decision, whole: Milliseconds, asked: Milliseconds): string {
  const reasons = decision.reasons.join('; ');
  const told = formatDuration(whole);
  const since = formatDuration(whole - asked);
  if (told === formatDuration(asked)) return `${reasons} (counted from the start of the grant)`;
  return reasons.replace(told, `${formatDuration(asked)} from now, ${since} after its start,`);
}

/** What still works, when only the length was too much; null: something else was wrong. */
function hintFor(grant: Grant, decision: Decision, now: Instant, whole: Milliseconds): string | null {
  const { limit } = decision;
  if (limit === null || whole <= limit.value) return decision.hint;
  const longest = limit.value - (now - (grant.startedAt ?? now));
  const left = (grant.deadline ?? now) - now;
  // Some seconds go by until it is typed; whole minutes are also easier to read.
  const handy = Math.floor((longest - 5_000) / 60_000) * 60_000;
  const best = handy > left ? handy : longest - 5_000;
  if (best >= left + 1_000) return `jit extend ${grant.id} --for ${formatDuration(best)}`;
  return `it lasts as long as it may; exit first, then: jit elevate ${grant.target}:${grant.role}`;
}

interface Renewed {
  /** When each target's own clock ends the credential, by lease. */
  readonly ends: ReadonlyMap<string, Instant>;
  /** The leases that have another credential now. */
  readonly prolonged: ReadonlySet<string>;
}

/** Moves the end of every credential of a grant. */
async function renewOnTargets(broker: Broker, grant: Grant, deadline: Instant): Promise<Renewed> {
  const ends = new Map<string, Instant>();
  const prolonged = new Set<string>();
  for (const lease of broker.ledger.openLeasesOf(grant.id)) {
    const provider = await broker.providers.forLease(lease);
    if (provider.replan) {
      prolonged.add(lease.id);
      ends.set(lease.id, await prolong(broker, grant, lease, provider, deadline));
      continue;
    }
    if (!provider.renew) throw new JitError('ERR_UNSUPPORTED', `"${grant.target}" cannot extend a grant`);
    const signal = AbortSignal.timeout(broker.timing.call);
    const { hardDeadline } = await provider.renew(lease.handle, deadline, signal);
    ends.set(lease.id, hardDeadline);
  }
  return { ends, prolonged };
}
