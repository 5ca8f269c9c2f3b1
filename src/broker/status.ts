// `GET /v1/status`: active grants, and every lease that is not confirmed gone.

import type { Grant } from '../core/grant.ts';
import type { StatusReply } from '../protocol/routes.ts';
import { recentAnomalies } from './anomalies.ts';
import type { Broker, Caller } from './broker.ts';
import { logView } from './log-view.ts';
import { isOwn } from './own.ts';
import { findingView, grantView } from './views.ts';

const recent = 24 * 3600_000;

/** What is open now. A grant that has ended is still told while anything of it may be left on its target. */
export async function status(broker: Broker, caller: Caller): Promise<StatusReply> {
  const { ledger, clock } = broker;
  const open = ledger.openLeases();
  const ids = new Set([
    ...ledger.activeGrants().map((grant) => grant.id),
    ...open.map((lease) => lease.grant),
  ]);
  const grants = [...ids]
    .map((id) => ledger.grant(id))
    .filter((grant): grant is Grant => grant !== null && isOwn(grant, caller));
  grants.sort((one, other) => one.requestedAt - other.requestedAt);
  // For how risky each target is; a configuration that is broken now must not hide what is open.
  if (grants.length > 0) await broker.policy.config().catch(() => null);
  const since = clock.now() - recent;
  return {
    now: clock.now(),
    principal: caller.principal,
    grants: grants.map((grant) => grantView(broker, grant)),
    overdue: open.filter((lease) => lease.state === 'overdue').length,
    recentFindings: ledger.store
      .findings({ limit: 20 })
      .filter((finding) => finding.foundAt >= since)
      .map(findingView),
    recentAnomalies: recentAnomalies(broker),
    auditLog: logView(broker),
  };
}
