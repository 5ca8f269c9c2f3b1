// From a request to a credential in somebody's hands. The order of the steps is the product:
// decide, prepare, decide again, write the intent, issue, write the result, hand out, write that, answer.

import { formatDuration } from '../core/duration.ts';
import { JitError } from '../core/errors.ts';
import { type Grant, moveGrant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import { refusalOf } from '../core/refusal.ts';
import type { Instant } from '../core/time.ts';
import type { Decision } from '../policy/config.ts';
import type { ElevateReply, ElevateRequest } from '../protocol/routes.ts';
import type { Issued } from '../providers/provider.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Broker, Caller } from './broker.ts';
import { openEndpoints } from './endpoint.ts';
import { checkExportKind, writeHandOut } from './hand-out.ts';
import { type Asker, identify, jobFacts, refusedFor, usedToken } from './identify.ts';
import { type Attempt, writeIntent } from './intent.ts';
import { issue } from './issue.ts';
import type { Entry } from './ledger.ts';
import { newGrant, parentOf } from './new-grant.ts';
import { prepare, withChannel } from './prepare.ts';
import { writePromptState } from './prompt-state.ts';
import type { Channel } from './questions.ts';
import { keepFresh } from './refresh.ts';
import { endGrant, placeOf, tellChange } from './revocation.ts';
import { shellTerms } from './shell-terms.ts';
import { recordTerms } from './usage.ts';
import { grantView } from './views.ts';
import { decide, type Resolved } from './wish.ts';

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
  return withChannel(broker, caller, request, (channel) => elevateOn(broker, caller, request, channel));
}

/** @param channel the caller's terminal while this is under way; null: there is none */
async function elevateOn(
  broker: Broker,
  from: Caller,
  request: ElevateRequest,
  channel: Channel | null,
): Promise<ElevateReply> {
  const caller = await identify(broker, from, request.identity);
  const first = await decide(broker, caller, request);
  const isAllowed = first.decision.outcome === 'allowed';
  const hasWaited =
    isAllowed &&
    [
      await broker.deviceKey.ready(),
      await broker.sync.withinLimits(),
      await getReady(first.resolved),
    ].includes(true);
  // The policy may have changed while somebody typed, and the grant begins now.
  const { resolved, decision: decided, digest } = hasWaited ? await decide(broker, caller, request) : first;
  const provider = await broker.providers.forTarget(resolved.target);
  // From here to the intent on disk nothing waits: what is checked now still holds then.
  refuseWhenStopping(broker);
  const parent = parentOf(broker, caller, request.parent);
  // Another request may have used the token up since.
  const decision = refusedFor(broker, caller) ?? decided;
  const grant = newGrant(broker, caller, request, resolved, decision, digest, parent);
  const asked = requested(broker, grant, caller, request);
  if (decision.outcome !== 'allowed') throw refuse(broker, grant, asked, decision);
  checkExportKind(provider, `${grant.target}:${grant.role}`, request.export);

  broker.deviceKey.check();
  failpoint('elevate.before-intent');
  const attempt = writeIntent(broker, grant, resolved, provider, decision, asked);
  failpoint('elevate.after-intent');
  const issued = await issue(broker, attempt);
  failpoint('elevate.after-issue');
  const reply = await handOut(broker, caller, attempt, issued, request);
  return { ...reply, notes: notesOf(grant, parent, issued, request, broker.clock.now()) };

  /** Everything that can be known is looked at before somebody is asked for a code that would be of no use. */
  async function getReady({ target, role, scope }: Resolved): Promise<boolean> {
    parentOf(broker, caller, request.parent);
    const first = await broker.providers.forTarget(target);
    checkExportKind(first, `${target.name}:${role.name}`, request.export);
    return prepare(broker, caller, { resolved: { target, role, scope }, provider: first, channel });
  }
}

/** Why less than asked, and what ends sooner than the grant. */
function notesOf(
  grant: Grant,
  parent: Grant | null,
  { expiresAt }: Pick<Issued<Lease['handle']>, 'expiresAt'>,
  request: ElevateRequest,
  now: Instant,
): string[] {
  const isCut = parent !== null && grant.deadline === parent.deadline;
  // What is served is made anew in time; what lies in an environment stays as it is. AWS tells ends in whole seconds.
  const endsEarly = request.export !== 'reference' && expiresAt < wholeSecond(grant.deadline ?? 0);
  const left = wholeSecond(expiresAt - now + 999);
  return [
    ...(isCut ? [`ends with the grant around it (${parent.id})`] : []),
    ...(endsEarly ? [`what is exported ends in ${formatDuration(left)}, before the grant does`] : []),
  ];
}

function wholeSecond(time: number): number {
  return Math.floor(time / 1000) * 1000;
}

function refuseWhenStopping(broker: Broker): void {
  if (broker.stopping) throw new JitError('ERR_BROKER_BUSY', 'the broker is stopping', { hint: 'try again' });
}

/** Records the refusal and answers the error that tells it. */
function refuse(
  broker: Broker,
  grant: Grant,
  asked: Entry,
  decision: Exclude<Decision, { outcome: 'allowed' }>,
): JitError {
  const { outcome, reasons, hint } = decision;
  const error = refusalOf({ outcome, target: grant.target, role: grant.role, reasons, hint });
  const { code } = error;
  const why = reasons.join('; ');
  const data = { entitlement: decision.entitlement, policy: grant.policyDigest, code, why } as const;
  broker.ledger.write({
    ...asked,
    grants: [moveGrant(grant, 'denied', { endedAt: grant.requestedAt })],
    events: [...asked.events, { type: 'grant.denied', at: grant.requestedAt, ...placeOf(grant), data }],
  });
  return error;
}

/** Endpoints, files, the event that says so, and only then the answer. */
async function handOut(
  broker: Broker,
  caller: Caller,
  attempt: Attempt,
  issued: Issued<Lease['handle']>,
  request: ElevateRequest,
): Promise<Omit<ElevateReply, 'notes'>> {
  const { grant } = attempt;
  try {
    // Clients of some targets can only be given the secret itself.
    const kind = request.export === 'reference' ? (issued.handOut.always ?? 'reference') : request.export;
    const opened = await openEndpoints(broker, attempt.lease, issued.handOut, kind);
    failpoint('elevate.endpoints-open');
    if (caller.signal.aborted) throw new JitError('ERR_CONFLICT', 'the caller went away while waiting');
    const lease = broker.ledger.lease(attempt.lease.id);
    if (lease?.state !== 'active') {
      throw new JitError('ERR_CONFLICT', 'the grant ended before it could be handed out', {
        hint: 'jit status',
      });
    }
    const handed = writeHandOut(broker, grant.id, issued.handOut, kind, opened);
    failpoint('elevate.files-written');
    const now = broker.clock.now();
    const data = {
      variables: Object.keys(handed.env),
      files: [...handed.files],
      secrets: handed.secrets.length > 0,
      ...(handed.endpoints > 0 && { endpoints: handed.endpoints }),
      ...(handed.helpers > 0 && { helpers: handed.helpers }),
    };
    broker.ledger.write({
      leases: [{ ...lease, handedOutAt: now }],
      events: [{ type: 'lease.handed_out', at: now, ...placeOf(grant), lease: lease.id, data }],
    });
    failpoint('elevate.after-hand-out');
    if (broker.endpoints.has(grant.id)) {
      const plan = { ...attempt.plan, exported: kind !== 'reference' };
      keepFresh(broker, { ...attempt, plan }, issued.refreshAt ?? null);
    }
    writePromptState(broker);
    tellChange(broker, grant.id);
    // The answer may still get lost on its way: then nobody holds the credential, and it goes.
    caller.signal.addEventListener('abort', () => void endGrant(broker, grant.id, 'session-lost'));
    const current = broker.ledger.grant(grant.id) ?? grant;
    const config = broker.policy.latest ?? (await broker.policy.config());
    return {
      grant: grantView(broker, current),
      env: handed.env,
      unset: handed.unset,
      secrets: handed.secrets,
      // What decided, or is newer: a file that somebody breaks now is no reason to take back what is handed out.
      shell: shellTerms(config, grant.target, request.onEnd),
      ...recordTerms(config, current.entitlement),
    };
  } catch (thrown) {
    await broker.endpoints.get(grant.id)?.close();
    await endGrant(broker, grant.id, caller.signal.aborted ? 'session-lost' : 'issue-failed');
    throw thrown;
  }
}

/** What is recorded of a request whatever becomes of it, in the transaction that decides it. */
function requested(broker: Broker, grant: Grant, asker: Asker, { run }: ElevateRequest): Entry {
  const { role, scope, duration, reason, ticket, digest, parent, via } = grant;
  const data = {
    role,
    scope,
    duration_ms: duration,
    reason,
    ticket,
    digest,
    parent,
    via,
    peer: asker.peer,
    ...jobFacts(asker),
  } as const;
  return {
    events: [{ type: 'grant.requested', at: grant.requestedAt, ...placeOf(grant), data }],
    ...usedToken(broker, asker),
    ...(run !== null && { run: { grant: grant.id, run } }),
  };
}
