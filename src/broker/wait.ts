// `POST /v1/wait`: answers when a grant is no longer what the caller knows.

import type { ErrorCode } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import type { WaitRequest } from '../protocol/routes.ts';
import type { GrantView } from '../protocol/views.ts';
import type { Broker, Caller } from './broker.ts';
import { findGrant } from './revoke.ts';
import { grantView } from './views.ts';

/** Long poll: at once when it already differs, else at the change, at `timeout`, or when the caller leaves. */
export async function wait(broker: Broker, caller: Caller, request: WaitRequest): Promise<GrantView> {
  const { id } = findGrant(broker, caller, request.grant);
  const now = (): Grant => broker.ledger.grant(id) ?? findGrant(broker, caller, id);
  const differs = (): boolean => {
    const { state, deadline, notRefreshed } = request.known;
    const grant = now();
    if (grant.state !== state || grant.deadline !== deadline) return true;
    return notRefreshed !== undefined && notRefreshed !== troubleOf(broker, id);
  };
  if (!differs()) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        broker.changes.off('change', look);
        caller.signal.removeEventListener('abort', done);
        cancel();
        resolve();
      };
      const look = (changed: string): void => {
        if (changed === id && differs()) done();
      };
      const cancel = broker.clock.after(request.timeout, done);
      broker.changes.on('change', look);
      caller.signal.addEventListener('abort', done);
    });
  }
  return grantView(broker, now());
}

/** Why what an endpoint of the grant serves is not made anew; null: it is. */
function troubleOf(broker: Broker, grant: string): ErrorCode | null {
  for (const { id } of broker.ledger.openLeasesOf(grant)) {
    const failure = broker.refreshing.get(id)?.failure();
    if (failure) return failure.code;
  }
  return null;
}
