// `POST /v1/revoke`: ends one grant, or all of the caller's, before their time.

import { JitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import type { RevokeReply, RevokeRequest } from '../protocol/routes.ts';
import type { GrantView } from '../protocol/views.ts';
import type { Broker, Caller } from './broker.ts';
import { grantMeant, openGrants } from './grant-meant.ts';
import { isOwn } from './own.ts';
import { endGrant } from './revocation.ts';
import { grantView } from './views.ts';

/**
 * Answers after every lease was tried once; what could not be confirmed gone is told apart. A session that has
 * ended waits only until nobody has access any more: the prompt comes back while the broker cleans up.
 */
export async function revoke(broker: Broker, caller: Caller, request: RevokeRequest): Promise<RevokeReply> {
  if (request.all === (request.grant !== null)) {
    throw new JitError('ERR_USAGE', 'name one grant, or say --all', { hint: 'jit status' });
  }
  const grants =
    request.grant === null
      ? openGrants(broker, caller)
      : [grantMeant(broker, caller, request.grant, (id) => `jit revoke ${id}`)];
  const isHurried = request.cause === 'session-ended';
  await Promise.all(
    grants.map(({ id }) => {
      const ended = endGrant(broker, id, request.cause);
      return isHurried ? Promise.race([ended, accessEnded(broker, id)]) : ended;
    }),
  );
  const reply = { revoked: [] as GrantView[], ending: [] as GrantView[], overdue: [] as GrantView[] };
  for (const before of grants) {
    const view = grantView(broker, broker.ledger.grant(before.id) ?? before);
    const isGone = view.leases.every((lease) => lease.state === 'revoked');
    // What cannot be withdrawn and is with nobody is as over as it can be: there is nothing to wait for.
    const mayStay = isHurried || view.leases.every(({ irrevocableUntil }) => irrevocableUntil !== null);
    const isHarmless = mayStay && isOver(broker, before.id);
    reply[isGone ? 'revoked' : isHarmless ? 'ending' : 'overdue'].push(view);
  }
  return reply;
}

/** Nobody can use any credential of the grant any more. */
function isOver(broker: Broker, grant: string): boolean {
  return broker.ledger.leasesOf(grant).every(
    ({ id, state, accessEndedAt, attempts }) =>
      // Attempts that only wait for the credential's own end did not fail.
      state === 'revoked' || (accessEndedAt !== null && (attempts === 0 || broker.irrevocable.has(id))),
  );
}

function accessEnded(broker: Broker, grant: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (changed: string): void => {
      if (changed !== grant || !isOver(broker, grant)) return;
      broker.changes.off('change', look);
      resolve();
    };
    broker.changes.on('change', look);
    look(grant);
  });
}

/** A grant by its id, or by the start of it when that fits only one. @throws JitError `ERR_UNKNOWN_NAME` */
export function findGrant(broker: Broker, caller: Caller, id: string): Grant {
  const exact = broker.ledger.grant(id);
  if (exact && isOwn(exact, caller)) return exact;
  const fitting = openGrants(broker, caller).filter((grant) => grant.id.startsWith(id));
  const [only] = fitting;
  if (only && fitting.length === 1) return only;
  const why = fitting.length > 1 ? `fits ${fitting.length} grants` : 'is no grant of yours';
  throw new JitError('ERR_UNKNOWN_NAME', `"${id}" ${why}`, { hint: 'jit status' });
}
