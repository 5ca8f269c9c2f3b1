// Has the program make the credential of a lease. What it does not clearly say is taken for made, and for lost.

import type { JitError } from '../../core/errors.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import { failpoint } from '../../system/failpoint.ts';
import type { Issued, PlanRequest } from '../provider.ts';
import { type Context, callProgram, failureOf } from './call.ts';
import { answerProblem, handOut } from './hand-out.ts';
import type { CommandHandle } from './handle.ts';
import { asJson, type IssueAnswer, issueAnswer } from './messages.ts';

/** Vendors round up, and clocks differ. */
const tolerance: Milliseconds = 60_000;

/**
 * @throws JitError `ERR_TARGET_REFUSED`, `ERR_SECRET_UNAVAILABLE`: nothing was made; `ERR_REVOKE_INCOMPLETE`: something may
 *   have been, and is taken back by its name
 */
export async function issueLease(
  context: Context,
  handle: CommandHandle,
  request: PlanRequest,
): Promise<Issued<CommandHandle>> {
  failpoint('issue.before');
  const called = await callProgram(context, 'issue', requestOf(handle, request), issueAnswer, [handle.name]);
  failpoint('issue.sent');
  if (called.outcome !== 'answered') throw failureOf(called, context, 'issue', lost);
  const { answer } = called;
  const expiresAt = expiryOf(context, handle, answer);
  const problem = answerProblem(answer);
  if (problem !== null) throw unusable(context, problem);
  const told = asJson(answer.handle);
  return {
    handle: { ...handle, expires_at: expiresAt, told },
    expiresAt,
    handOut: handOut(answer),
  };
}

const lost = {
  code: 'ERR_REVOKE_INCOMPLETE',
  also: 'what it may have made is being taken back',
} as const;

function requestOf(handle: CommandHandle, request: PlanRequest) {
  const { lease, grant, principal, role, scope, reason, ticket } = request;
  return {
    version: 1,
    action: 'issue',
    name: handle.name,
    lease,
    grant,
    principal,
    target: handle.access.target,
    role,
    scope,
    reason,
    ticket,
    not_after: new Date(handle.deadline).toISOString(),
    options: handle.options,
  };
}

/** When the target ends the credential by itself; of one that it never ends, when jit does. */
function expiryOf(
  context: Context,
  { ends_by, deadline }: CommandHandle,
  { expires_at }: IssueAnswer,
): Instant {
  if (expires_at === null) {
    if (ends_by === null) return deadline;
    throw unusable(context, 'it gives no "expires_at", and the target is said to end credentials by itself');
  }
  const expiresAt = Date.parse(expires_at);
  if (expiresAt <= context.tools.clock.now()) throw unusable(context, 'its "expires_at" is over');
  if (ends_by !== null && expiresAt > ends_by + tolerance) {
    const late = new Date(ends_by).toISOString();
    throw unusable(context, `its "expires_at" is after ${late}, when the credential has to end by itself`);
  }
  return expiresAt;
}

function unusable(context: Context, why: string): JitError {
  const words = {
    outcome: 'unknown',
    why: `gave an answer that cannot be used: ${why}`,
    isSlow: false,
  } as const;
  return failureOf(words, context, 'issue', lost);
}
