// `POST /v1/stop`, SIGTERM and idleness: takes back what is open, then lets the process end.

import type { StopReply } from '../protocol/routes.ts';
import type { Broker } from './broker.ts';
import { endGrant, revokeLease } from './revocation.ts';
import { isEndAwaited } from './withdrawal.ts';

/**
 * Revokes everything; leases whose target does not answer in time stay on disk for the next broker.
 * @param cause why, for the log
 */
export async function stop(broker: Broker, cause: string): Promise<StopReply> {
  broker.stopping = true;
  try {
    const open = broker.ledger.openLeases();
    const grants = new Set([
      ...broker.ledger.activeGrants().map(({ id }) => id),
      ...open.map(({ grant }) => grant),
    ]);
    const everything = Promise.all([
      ...[...grants].map((id) => endGrant(broker, id, 'broker-stopped')),
      ...open.map((lease) => revokeLease(broker, lease.id, lease.cause ?? 'broker-stopped')),
    ]);
    await Promise.race([
      everything,
      new Promise<void>((resolve) => broker.clock.after(broker.timing.stop, resolve)),
    ]);
    const left = broker.ledger.openLeases();
    const ending = left.filter((lease) => lease.state === 'revoking' && isEndAwaited(broker, lease)).length;
    return { revoked: open.length - left.length, overdue: left.length - ending, ending };
  } finally {
    broker.end(cause);
  }
}
