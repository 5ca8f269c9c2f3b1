// From a request to a credential in somebody's hands. The order of the steps is the product:
// decide, write the intent, issue, write the result, hand out, write that, answer.

import type { AuditEvent } from '../audit/event.ts';
import { JitError, toJitError } from '../core/errors.ts';
import { type Grant, moveGrant } from '../core/grant.ts';
import { type Lease, moveLease } from '../core/lease.ts';
import type { Decision } from '../policy/config.ts';
import type { ElevateReply, ElevateRequest } from '../protocol/routes.ts';
import type { Issued, PlanRequest, Provider } from '../providers/provider.ts';
import { failpoint } from '../system/failpoint.ts';
import { randomId } from '../system/random.ts';
import type { Broker, Caller } from './broker.ts';
import { writeHandOut } from './hand-out.ts';
import { newGrant, parentOf } from './new-grant.ts';
import { writePromptState } from './prompt-state.ts';
import { endGrant, placeOf, recordRevoked, tellChange } from './revocation.ts';
import { grantView } from './views.ts';
import { decide, type Resolved } from './wish.ts';

/** One elevation on its way. */
interface Attempt {
  readonly grant: Grant;
  readonly lease: Lease;
  readonly plan: PlanRequest;
  readonly provider: Provider;
}

/**
 * Decides, issues and hands out.
 * @throws JitError `ERR_POLICY_DENIED`, `ERR_APPROVAL_PENDING`, `ERR_AUDIT_UNAVAILABLE`, and what the provider throws
 */
export async function elevate(
  broker: Broker,
  caller: Caller,
  request: ElevateRequest,
): Promise<ElevateReply> {
  refuseWhenStopping(broker);
  if (request.session === null && !request.keep) {
    throw new JitError('ERR_USAGE', 'a grant needs a session that it ends with, unless it is kept', {
      hint: 'jit elevate --keep',
    });
  }
  const { resolved, decision, digest } = await decide(broker, caller, request);
  const provider = await broker.providers.forTarget(resolved.target);
  // From here to the intent on disk nothing waits: what is checked now still holds then.
  refuseWhenStopping(broker);
  const parent = parentOf(broker, request.parent);
  const grant = newGrant(broker, caller, request, resolved, decision, digest, parent);
  const asked = requestedEvent(grant, request, caller);
  if (decision.outcome !== 'allowed') throw refuse(broker, grant, asked, decision);

  failpoint('elevate.before-intent');
  const attempt = writeIntent(broker, grant, resolved, provider, decision, asked);
  failpoint('elevate.after-intent');
  const issued = await issue(broker, attempt);
  failpoint('elevate.after-issue');
  const reply = await handOut(broker, caller, attempt, issued, request);
  const notes =
    parent && grant.deadline === parent.deadline ? [`ends with the grant around it (${parent.id})`] : [];
  return { ...reply, notes };
}

function refuseWhenStopping(broker: Broker): void {
  if (broker.stopping) throw new JitError('ERR_BROKER_BUSY', 'the broker is stopping', { hint: 'try again' });
}

/** Records the refusal and answers the error that tells it. */
function refuse(broker: Broker, grant: Grant, asked: AuditEvent, decision: Decision): JitError {
  const why = decision.reasons.join('; ');
  const what = `${grant.target}:${grant.role}`;
  const code = decision.outcome === 'denied' ? 'ERR_POLICY_DENIED' : 'ERR_APPROVAL_PENDING';
  const data = { entitlement: decision.entitlement, policy: grant.policyDigest, code, why } as const;
  broker.ledger.write({
    grants: [moveGrant(grant, 'denied', { endedAt: grant.requestedAt })],
    events: [asked, { type: 'grant.denied', at: grant.requestedAt, ...placeOf(grant), data }],
  });
  const hint = decision.hint ?? `jit policy explain ${what}`;
  if (decision.outcome === 'denied') return new JitError(code, `${what} is denied: ${why}`, { hint });
  return new JitError(code, `${what} needs approval, which this version cannot collect yet: ${why}`, {
    hint,
  });
}

/** The write-ahead: everything that revocation will need is on disk before the target hears of it. */
function writeIntent(
  broker: Broker,
  grant: Grant,
  resolved: Resolved,
  provider: Provider,
  decision: Decision & { outcome: 'allowed' },
  asked: AuditEvent,
): Attempt {
  const { clock, ledger } = broker;
  const now = clock.now();
  const deadline = grant.deadline ?? now;
  const plan: PlanRequest = {
    lease: `l${randomId(broker.random, 15)}`,
    grant: grant.id,
    principal: grant.principal,
    reason: grant.reason,
    ticket: grant.ticket,
    role: grant.role,
    scope: grant.scope,
    now,
    deadline,
  };
  const { handle, hardDeadline } = provider.plan(plan);
  const lease: Lease = {
    id: plan.lease,
    grant: grant.id,
    target: grant.target,
    role: grant.role,
    provider: resolved.target.provider,
    state: 'intent',
    handle,
    deadline,
    hardDeadline,
    bootId: clock.bootId,
    bootDeadline: clock.sinceBoot() + (deadline - now),
    createdAt: now,
    issuedAt: null,
    handedOutAt: null,
    accessEndedAt: null,
    revokedAt: null,
    cause: null,
    attempts: 0,
    nextAttemptAt: null,
    lastError: null,
  };
  const place = placeOf(grant);
  ledger.write({
    grants: [grant],
    leases: [lease],
    events: [
      asked,
      {
        type: 'grant.approved',
        at: now,
        ...place,
        data: {
          entitlement: decision.entitlement ?? '',
          policy: grant.policyDigest,
          duration_ms: deadline - now,
          deadline: iso(deadline),
          why: decision.reasons.join('; '),
        },
      },
      {
        type: 'lease.intent',
        at: now,
        ...place,
        lease: lease.id,
        data: {
          provider: lease.provider,
          handle,
          deadline: iso(deadline),
          hard_deadline: iso(hardDeadline),
        },
      },
    ],
  });
  return { grant, lease, plan, provider };
}

/** Calls the provider and writes the result; on any failure what may exist is taken back first. */
async function issue(broker: Broker, attempt: Attempt): Promise<Issued<Lease['handle']>> {
  try {
    const issued = await callProvider(broker, attempt);
    failpoint('issue.answered');
    recordIssued(broker, attempt, issued);
    return issued;
  } catch (thrown) {
    const error = toJitError(thrown);
    await undo(broker, attempt, error);
    throw error;
  }
}

/** While this is under way, a revocation of the same lease waits: it could not find what is about to be made. */
function callProvider(broker: Broker, { lease, plan, provider }: Attempt): Promise<Issued<Lease['handle']>> {
  const call = provider.issue(lease.handle, plan, AbortSignal.timeout(broker.timing.call));
  const settled = call.then(
    () => undefined,
    () => undefined,
  );
  broker.issuing.set(lease.id, settled);
  return call.finally(() => broker.issuing.delete(lease.id));
}

/** The second transaction. @throws JitError `ERR_CONFLICT` when the grant was ended meanwhile */
function recordIssued(broker: Broker, attempt: Attempt, issued: Issued<Lease['handle']>): void {
  const { ledger, clock } = broker;
  const now = clock.now();
  const place = { ...placeOf(attempt.grant), lease: attempt.lease.id };
  const grant = ledger.grant(attempt.grant.id) ?? attempt.grant;
  const lease = ledger.lease(attempt.lease.id) ?? attempt.lease;
  if (grant.state !== 'pending' || lease.state !== 'intent' || broker.stopping) {
    const facts = { handle: issued.handle };
    ledger.writeRevocation({
      leases: [{ ...lease, handle: issued.handle }],
      events: [{ type: 'lease.step', at: now, ...place, data: { step: 'issued-too-late', facts } }],
    });
    throw new JitError('ERR_CONFLICT', 'the grant was ended while it was being issued', {
      hint: 'jit status',
    });
  }
  const expires = iso(issued.expiresAt);
  ledger.write({
    grants: [moveGrant(grant, 'active', { startedAt: now })],
    leases: [
      moveLease(lease, 'active', { handle: issued.handle, issuedAt: now, hardDeadline: issued.expiresAt }),
    ],
    events: [{ type: 'lease.issued', at: now, ...place, data: { handle: issued.handle, expires } }],
  });
}

/** Codes after which a provider vouches that nothing was made, because nothing that makes was sent or it was refused. */
const nothingMade = ['ERR_TARGET_UNREACHABLE', 'ERR_TARGET_REFUSED', 'ERR_SECRET_UNAVAILABLE', 'ERR_CLOCK'];

async function undo(broker: Broker, attempt: Attempt, error: JitError): Promise<void> {
  const cause = error.code === 'ERR_AUDIT_UNAVAILABLE' ? 'audit-failed' : 'issue-failed';
  const grant = broker.ledger.grant(attempt.grant.id) ?? attempt.grant;
  const lease = broker.ledger.lease(attempt.lease.id) ?? attempt.lease;
  if (!nothingMade.includes(error.code) || grant.state !== 'pending' || lease.state !== 'intent') {
    await endGrant(broker, grant.id, cause);
    return;
  }
  const now = broker.clock.now();
  const place = { ...placeOf(grant), lease: lease.id };
  broker.ledger.writeRevocation({
    grants: [moveGrant(grant, 'ended', { endedAt: now, endCause: cause })],
    leases: [moveLease(lease, 'revoking', { cause })],
    events: [
      { type: 'grant.ended', at: now, ...placeOf(grant), data: { cause, used_ms: 0 } },
      { type: 'lease.revoking', at: now, ...place, data: { cause } },
      { type: 'lease.step', at: now, ...place, data: { step: 'never-issued', facts: { code: error.code } } },
    ],
  });
  recordRevoked(broker, lease.id);
}

/** Files, the event that says so, and only then the answer. */
async function handOut(
  broker: Broker,
  caller: Caller,
  attempt: Attempt,
  issued: Issued<Lease['handle']>,
  request: ElevateRequest,
): Promise<Omit<ElevateReply, 'notes'>> {
  const { grant } = attempt;
  try {
    if (caller.signal.aborted) throw new JitError('ERR_CONFLICT', 'the caller went away while waiting');
    const lease = broker.ledger.lease(attempt.lease.id);
    if (lease?.state !== 'active') {
      throw new JitError('ERR_CONFLICT', 'the grant ended before it could be handed out', {
        hint: 'jit status',
      });
    }
    const handed = writeHandOut(broker, grant.id, issued.handOut, request.export);
    failpoint('elevate.files-written');
    const now = broker.clock.now();
    const data = { variables: Object.keys(handed.env), files: [...handed.files], secrets: handed.secrets };
    broker.ledger.write({
      leases: [{ ...lease, handedOutAt: now }],
      events: [{ type: 'lease.handed_out', at: now, ...placeOf(grant), lease: lease.id, data }],
    });
    failpoint('elevate.after-hand-out');
    writePromptState(broker);
    tellChange(broker, grant.id);
    // The answer may still get lost on its way: then nobody holds the credential, and it goes.
    caller.signal.addEventListener('abort', () => void endGrant(broker, grant.id, 'session-lost'));
    const current = broker.ledger.grant(grant.id) ?? grant;
    return { grant: grantView(broker, current), env: handed.env, unset: handed.unset };
  } catch (thrown) {
    await endGrant(broker, grant.id, caller.signal.aborted ? 'session-lost' : 'issue-failed');
    throw thrown;
  }
}

function requestedEvent(grant: Grant, request: ElevateRequest, caller: Caller): AuditEvent {
  const { role, scope, duration, reason, ticket, digest, parent } = grant;
  const via = request.ci ? 'ci' : request.interactive ? 'terminal' : 'script';
  const data = {
    role,
    scope,
    duration_ms: duration,
    reason,
    ticket,
    digest,
    parent,
    via,
    peer: caller.peer,
  } as const;
  return { type: 'grant.requested', at: grant.requestedAt, ...placeOf(grant), data };
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
