// What the rules found lately, from the log, as people see it.

import type { EventBody, EventData } from '../audit/event.ts';
import { mostTelling } from '../core/anomaly.ts';
import type { Milliseconds } from '../core/time.ts';
import type { AnomalyView } from '../protocol/views.ts';
import type { Broker } from './broker.ts';
import { rowBefore } from './log-reader.ts';

const recent: Milliseconds = 24 * 3600_000;
const most = 20;
/** A flood of them must not make every look at the status slow. */
const mostRead = 1_000;

/** Of the last day, in order; with more than 20 those that people are told of before what is only observed, and the newest. */
export function recentAnomalies({ ledger, clock }: Broker): AnomalyView[] {
  const after = rowBefore(ledger.store, clock.now() - recent);
  const read = ledger.store.events({ type: 'anomaly.found', after, limit: mostRead });
  return mostTelling(
    read.map(({ body }) => viewOf(body)),
    most,
  );
}

function viewOf(body: EventBody): AnomalyView {
  const { rule, severity, why, action } = body.data as unknown as EventData['anomaly.found'];
  return {
    rule,
    severity,
    why,
    action,
    principal: body.principal ?? null,
    target: body.target ?? null,
    grant: body.grant ?? null,
    foundAt: Date.parse(body.ts),
  };
}
