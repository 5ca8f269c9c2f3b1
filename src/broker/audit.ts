// `POST /v1/audit`: events of the log, as they were written.

import type { AuditReply, AuditRequest } from '../protocol/routes.ts';
import type { EventQuery } from '../store/store.ts';
import type { Broker } from './broker.ts';

const most = 10_000;

/** The newest events that fit, in order. */
export function audit(broker: Broker, request: AuditRequest): AuditReply {
  const given = Object.entries(request).filter(([, value]) => value !== null);
  const query: EventQuery = { limit: most, ...Object.fromEntries(given) };
  const events = broker.ledger.store.events(query);
  return { events: events.map(({ leaf, body }) => ({ leaf, body: { ...body } })) };
}
