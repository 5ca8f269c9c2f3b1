// Who may have the credential of a grant that exists: the processes of its session. Another terminal of the same user
// asks for a grant of its own, which policy and log then see.

import { JitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import { isWithin } from '../system/process-info.ts';
import type { Broker, Caller } from './broker.ts';

/**
 * Lets pass whoever descends from the process that the grant is bound to. A kept grant without one is for every process
 * of the user; where the system does not tell who calls, so is any.
 * @throws JitError `ERR_POLICY_DENIED`
 */
export function refuseOutsider(broker: Broker, { pid }: Caller, { id, session, target, role }: Grant): void {
  if (session === null || pid === null || isWithin(pid, session)) return;
  broker.endpoints.get(id)?.refused('outside of the session');
  throw new JitError('ERR_POLICY_DENIED', `grant "${id}" is for the processes of its own session`, {
    hint: `jit elevate ${target}:${role}`,
  });
}
