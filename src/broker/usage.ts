// `POST /v1/usage`: the session of a grant tells what runs under it. Recorded, and nothing else comes of it.

import type { AuditEvent } from '../audit/event.ts';
import type { Config } from '../policy/config.ts';
import type { RecordTerms, UsageRequest } from '../protocol/usage.ts';
import { redactArgv } from '../system/redact-argv.ts';
import type { Broker, Caller } from './broker.ts';
import { refuseOutsider } from './outsider.ts';
import { placeOf } from './revocation.ts';
import { findGrant } from './revoke.ts';

/** What the entitlement of a grant wants to be told; nothing of it where it wants no more than usual. */
export function recordTerms(config: Config, entitlement: string | null): { record?: RecordTerms } {
  const argv = config.entitlements.find(({ name }) => name === entitlement)?.recordArgv ?? false;
  return argv ? { record: { argv } } : {};
}

/**
 * A process began under the grant, or has ended; the grant may be over by then.
 * @throws JitError `ERR_UNKNOWN_NAME`, `ERR_POLICY_DENIED` for a process outside of the grant's session,
 * `ERR_AUDIT_UNAVAILABLE`
 */
export async function usage(
  broker: Broker,
  caller: Caller,
  request: UsageRequest,
): Promise<Record<string, never>> {
  const grant = findGrant(broker, caller, request.grant);
  refuseOutsider(broker, caller, grant);
  const { kind, pid, ended } = request;
  const place = { at: broker.clock.now(), ...placeOf(grant) };
  const event: AuditEvent =
    ended === null
      ? { type: 'command.started', ...place, data: { kind, pid, argv: await argvOf(broker, grant, request) } }
      : {
          type: 'command.ended',
          ...place,
          data: { kind, pid, exit_code: ended.exitCode, ran_ms: ended.ran },
        };
  broker.ledger.write({ events: [event] });
  return {};
}

/** Not because the caller says so: what the configuration does not want recorded is not. */
async function argvOf(
  broker: Broker,
  { entitlement }: { readonly entitlement: string | null },
  { argv }: UsageRequest,
): Promise<string[] | null> {
  if (argv === null) return null;
  const config = await broker.policy.config().catch(() => null);
  if (!config || !recordTerms(config, entitlement).record?.argv) return null;
  return redactArgv(argv, broker.redact);
}
