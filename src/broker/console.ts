// `POST /v1/console`: a link that opens the target's web console with the rights of a grant. Recorded before it is
// answered; never logged, and on disk only as a private page that a browser is started with.

import { JitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import type { ConsoleReply, ConsoleRequest } from '../protocol/routes.ts';
import type { Broker, Caller } from './broker.ts';
import { isDue } from './due.ts';
import { writeLinkPage } from './hand-out.ts';
import { isoTime } from './intent.ts';
import { refuseOutsider } from './outsider.ts';
import { placeOf } from './revocation.ts';
import { findGrant } from './revoke.ts';

/**
 * @throws JitError `ERR_GRANT_ENDED`, also when it ended while the vendor was asked, `ERR_UNSUPPORTED` for a target
 * without a console, `ERR_POLICY_DENIED` for a process outside of the grant's session, and what the provider throws
 */
export async function consoleLink(
  broker: Broker,
  caller: Caller,
  request: ConsoleRequest,
): Promise<ConsoleReply> {
  const grant = findGrant(broker, caller, request.grant);
  const lease = liveLease(broker, grant);
  refuseOutsider(broker, caller, grant);
  const provider = await broker.providers.forLease(lease);
  if (!provider.console) throw new JitError('ERR_UNSUPPORTED', `target "${grant.target}" has no web console`);
  const signal = AbortSignal.any([caller.signal, AbortSignal.timeout(broker.timing.call)]);
  const { url, endsAt } = await provider.console(lease.handle, signal);
  broker.onSecret(url);
  liveLease(broker, grant);
  // Somebody has the credential from now on, although the endpoint was never asked.
  broker.endpoints.get(grant.id)?.left();
  const data = { as: request.as, ends: isoTime(endsAt) };
  broker.ledger.write({
    events: [{ type: 'lease.console', at: broker.clock.now(), ...placeOf(grant), lease: lease.id, data }],
  });
  const isFile = request.as === 'file';
  return {
    url: isFile ? null : url.reveal(),
    file: isFile ? writeLinkPage(broker, grant.id, url) : null,
    endsAt,
    irrevocableUntil: provider.irrevocableUntil?.(lease.handle) ?? null,
  };
}

/** @throws JitError `ERR_GRANT_ENDED` */
function liveLease(broker: Broker, { id, target, role }: Grant): Lease {
  const lease = broker.ledger.leasesOf(id).find(({ state }) => state === 'active');
  if (lease && broker.ledger.grant(id)?.state === 'active' && !isDue(lease, broker.clock)) return lease;
  throw new JitError('ERR_GRANT_ENDED', `grant "${id}" has ended`, { hint: `jit elevate ${target}:${role}` });
}
