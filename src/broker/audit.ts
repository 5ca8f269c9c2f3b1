// `POST /v1/audit`: events of the log, as they were written.

import { JitError } from '../core/errors.ts';
import type { AuditReply, AuditRequest } from '../protocol/routes.ts';
import type { EventQuery } from '../store/store.ts';
import type { Broker } from './broker.ts';
import { resolveTarget } from './wish.ts';

const most = 10_000;

/**
 * The newest events that fit, in order. A grant may be named by the start of its id when that fits only one.
 * @throws JitError `ERR_UNKNOWN_NAME` for a grant that there never was, or a target that neither is nor was
 */
export async function audit(broker: Broker, request: AuditRequest): Promise<AuditReply> {
  const grant = request.grant === null ? null : findLogged(broker, request.grant);
  if (request.target !== null) await checkTarget(broker, request.target);
  const given = Object.entries({ ...request, grant }).filter(([, value]) => value !== null);
  const query: EventQuery = { limit: most, ...Object.fromEntries(given) };
  const events = broker.ledger.store.events(query);
  return { events: events.map(({ leaf, body }) => ({ leaf, body: { ...body } })) };
}

/** The id of a grant, however long ago it ended, by all of it or, among the newest, by its start. */
export function findLogged({ ledger }: Broker, id: string): string {
  if (ledger.grant(id)) return id;
  const fitting = ledger.store.grants({ limit: most }).filter((grant) => grant.id.startsWith(id));
  const [only] = fitting;
  if (only && fitting.length === 1) return only.id;
  const why = fitting.length > 1 ? `fits ${fitting.length} grants` : 'is no grant in this log';
  throw new JitError('ERR_UNKNOWN_NAME', `"${id}" ${why}`, { hint: 'jit audit log --since 1d' });
}

/** A target that has left the configuration still has its events. */
export async function checkTarget({ ledger, policy }: Broker, target: string): Promise<void> {
  if (ledger.store.events({ target, limit: 1 }).length > 0) return;
  // A configuration that is not valid says nothing about names.
  const config = await policy.config().catch(() => null);
  if (config) resolveTarget(config, target);
}
