// `POST /v1/stop`, SIGTERM and idleness: takes back what is open, then lets the process end.

import type { EndCause } from '../core/grant.ts';
import type { StopReply } from '../protocol/routes.ts';
import type { Broker } from './broker.ts';
import { endGrant, revokeLease } from './revocation.ts';

/**
 * Revokes everything; leases whose target does not answer in time stay on disk for the next broker.
 * @param cause why, for the log
 * @param endCause why, for the grants
 */
export async function stop(
  broker: Broker,
  cause: string,
  endCause: EndCause = 'broker-stopped',
): Promise<StopReply> {
  broker.stopping = true;
  const open = broker.ledger.openLeases();
  const grants = new Set([
    ...broker.ledger.activeGrants().map(({ id }) => id),
    ...open.map(({ grant }) => grant),
  ]);
  const everything = Promise.all([
    ...[...grants].map((id) => endGrant(broker, id, endCause)),
    ...open.map((lease) => revokeLease(broker, lease.id, lease.cause ?? endCause)),
  ]);
  await Promise.race([
    everything,
    new Promise<void>((resolve) => broker.clock.after(broker.timing.stop, resolve)),
  ]);
  const left = broker.ledger.openLeases().length;
  broker.end(cause);
  return { revoked: open.length - left, overdue: left };
}
