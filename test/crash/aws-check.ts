// What must be true of the fake AWS at any time after a crash. Each answer names a broken promise.

import type { Lease } from '../../src/core/lease.ts';
import { inlineQuota, readDenied } from '../../src/providers/aws/deny-document.ts';
import { denyGrace } from '../../src/providers/aws/handle.ts';
import type { AwsHandle } from '../../src/providers/aws/index.ts';
import { evaluate } from '../fakes/sts/policy.ts';
import type { Identity } from '../fakes/sts/state.ts';
import type { AwsAccount } from '../support/aws-account.ts';
import type { Record, Verdict } from './target.ts';

/** Its deadline is the latest that a session was asked for; the record of the grant may not know that yet. */
const handleOf = (lease: Lease): AwsHandle => lease.handle as AwsHandle;

/** Compares every session that was ever made with the leases. */
export function inspectAccount(account: AwsAccount, record: Record, bystander: Identity): Verdict {
  const broken: string[] = [];
  let leaked = 0;
  for (const session of account.aws.account.identities.values()) {
    if (session.role === null || session === bystander) continue;
    const lease = record.leases.find(({ id }) => id === session.tags['jit:lease']);
    const why = lease ? wrongAbout(account, session, lease, record) : 'has no lease on disk';
    if (why === null) continue;
    leaked += account.isUsable(session) ? 1 : 0;
    broken.push(`session ${session.sessionName} ${why}`);
  }
  if (!account.isUsable(bystander)) broken.push('the session of another lease was denied');
  return { leaked, broken: [...broken, ...wrongPolicies(account, record)] };
}

function wrongAbout(account: AwsAccount, session: Identity, lease: Lease, { events }: Record): string | null {
  const handle = handleOf(lease);
  if (lease.state === 'revoked' && account.isUsable(session)) return 'is usable and its lease is revoked';
  if (handle.revoke === 'none') {
    const [told] = events.filter((one) => one.lease === lease.id && one.type === 'lease.revoked');
    if (told && Date.parse(told.ts) < Math.floor(handle.deadline / 1000) * 1000)
      return 'was called revoked before its end';
  } else if (lease.state !== 'revoked') return `could be denied and its lease is ${lease.state}`;
  const end = { 'aws:CurrentTime': new Date(handle.deadline + 1_000).toISOString() };
  const context = { ...account.aws.account.contextOf(session), ...end };
  const verdict = evaluate(session.sessionPolicies ?? [], 's3:GetObject', 'arn:aws:s3:::bucket/key', context);
  return verdict === 'allow' || session.sessionPolicies === null ? 'would work past its deadline' : null;
}

/** Denied sessions are packed, and removed, by the hour of their end. */
const hourOf = (time: number): number => Math.ceil(time / 3_600_000) * 3_600_000;

/** Nothing but sessions that have not ended, each once, within the quota. */
function wrongPolicies({ aws, role, policySize }: AwsAccount, { leases }: Record): string[] {
  const broken: string[] = [];
  if (role('plain').inline.size > 0) broken.push('the role that nobody may change was changed');
  for (const { document } of role('deploy').inline.values()) {
    const found = readDenied(document);
    if (!found || found.foreign.length > 0) broken.push(`malformed policy ${document}`);
    const values = (found?.denied ?? []).map(({ value }) => value);
    if (new Set(values).size !== values.length) broken.push('a session is denied twice');
    for (const value of values) {
      const lease = leases.find(({ id }) => id === value);
      if (!lease || handleOf(lease).revoke !== 'deny-session')
        broken.push(`${value} is denied and no lease wants it`);
      else if (hourOf(handleOf(lease).ends_by) + denyGrace <= aws.account.now())
        broken.push(`${value} is denied and has ended`);
    }
  }
  if (policySize('deploy') > inlineQuota) broken.push(`the policy has ${policySize('deploy')} characters`);
  return broken;
}
