// A later end for a credential whose own end cannot be moved: another one is made under the same names.
// The record on disk covers it before it exists; if none is made, the record says again what it said before.

import { JitError, toJitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import { type Lease, moveLease } from '../core/lease.ts';
import type { Instant } from '../core/time.ts';
import type { Provider } from '../providers/provider.ts';
import { failpoint } from '../system/failpoint.ts';
import type { Broker } from './broker.ts';
import { isoTime } from './intent.ts';
import { madeNothing } from './issue.ts';
import { placeOf } from './revocation.ts';
import { learnWithdrawal } from './withdrawal.ts';

/**
 * Makes a credential of the lease that lasts until `deadline`. The lease's own deadline is left to the caller.
 * @returns when the target's own clock ends the last one
 * @throws JitError `ERR_UNSUPPORTED` for keys that nobody can exchange any more, `ERR_CONFLICT`, and what the provider throws
 */
export async function prolong(
  broker: Broker,
  grant: Grant,
  { id }: Lease,
  provider: Provider,
  deadline: Instant,
): Promise<Instant> {
  const { ledger, clock } = broker;
  const refreshing = broker.refreshing.get(id);
  const { replan } = provider;
  if (!replan || !refreshing || isExported(broker, grant)) {
    throw new JitError(
      'ERR_UNSUPPORTED',
      `grant "${grant.id}" cannot be extended: its keys were handed out with their end`,
      { hint: `jit elevate ${grant.target}:${grant.role}` },
    );
  }
  const place = { ...placeOf(grant), lease: id };
  return refreshing.alone(async (make) => {
    const before = ledger.lease(id);
    if (before?.state !== 'active') {
      throw new JitError('ERR_CONFLICT', `grant "${grant.id}" ended while it was being extended`);
    }
    const { handle, hardDeadline } = replan(before.handle, deadline);
    const covering = moveLease(before, 'active', {
      handle,
      hardDeadline: Math.max(before.hardDeadline, hardDeadline),
    });
    const facts = { deadline: isoTime(deadline), hard_deadline: isoTime(covering.hardDeadline) };
    ledger.write({
      leases: [covering],
      events: [{ type: 'lease.step', at: clock.now(), ...place, data: { step: 'extending', facts } }],
    });
    failpoint('extend.written');
    try {
      const { expiresAt } = await make({ ...covering, deadline });
      failpoint('extend.made');
      learnWithdrawal(broker, provider, covering);
      return Math.max(before.hardDeadline, expiresAt);
    } catch (thrown) {
      const { code } = toJitError(thrown);
      const current = ledger.lease(id);
      // What may exist after all stays covered, and so does what is being taken back.
      const isUndone = madeNothing(code) && current?.state === 'active';
      const { handle: old, hardDeadline: oldEnd } = before;
      ledger.writeRevocation({
        leases: isUndone ? [moveLease(current, 'active', { handle: old, hardDeadline: oldEnd })] : [],
        events: [
          { type: 'lease.step', at: clock.now(), ...place, data: { step: 'not-extended', facts: { code } } },
        ],
      });
      throw thrown;
    }
  });
}

/** True when the child holds the secret itself: nobody can give it another. */
function isExported({ ledger }: Broker, { id: grant }: Grant): boolean {
  const [handedOut] = ledger.store.events({ grant, type: 'lease.handed_out', limit: 1 });
  return (handedOut?.body.data as { secrets?: boolean } | undefined)?.secrets === true;
}
