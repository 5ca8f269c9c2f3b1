// `POST /v1/credential`: the credential of a grant for a helper program that a vendor's client runs, from memory.

import { JitError } from '../core/errors.ts';
import type { CredentialReply, CredentialRequest } from '../protocol/routes.ts';
import { askerLabel } from '../system/process-info.ts';
import type { Broker, Caller } from './broker.ts';
import { noHelper } from './endpoint.ts';
import { refuseOutsider } from './outsider.ts';
import { findGrant } from './revoke.ts';

/**
 * Counted in the log as served, like a call of the endpoint.
 * @throws JitError `ERR_GRANT_ENDED`, `ERR_UNKNOWN_NAME`, `ERR_POLICY_DENIED` for a process outside of the grant's
 * session, `ERR_UNSUPPORTED` when nothing is held for such a helper
 */
export function credential(broker: Broker, caller: Caller, request: CredentialRequest): CredentialReply {
  const grant = findGrant(broker, caller, request.grant);
  if (grant.state !== 'active') {
    throw new JitError('ERR_GRANT_ENDED', `grant "${grant.id}" has ended`, {
      hint: `jit elevate ${grant.target}:${grant.role}`,
    });
  }
  refuseOutsider(broker, caller, grant);
  const held = broker.endpoints.get(grant.id);
  if (!held) throw noHelper(grant.id, request.kind);
  return { credential: held.help(request.kind, () => (caller.pid === null ? null : askerLabel(caller.pid))) };
}
