// How the broker's own log stands, as people and scripts see it.

import type { EventData } from '../audit/event.ts';
import type { JitError } from '../core/errors.ts';
import type { LogView } from '../protocol/log.ts';
import type { Store } from '../store/store.ts';
import type { Broker } from './broker.ts';

/** Reads memory and the end of the file only. */
export function logView({ ledger, deviceKey, sync }: Broker): LogView {
  const { store } = ledger;
  const { place, trouble } = deviceKey.state();
  const { behind, damage, stopped, key } = store;
  const { refused, lost } = sync.state();
  return {
    origin: store.logOrigin,
    events: store.head().size,
    signed: store.signs,
    trouble: wireErrorOf(damage === null ? trouble : stopped),
    key: key === null ? null : { vkey: key, place, since: store.keySince },
    refused: refused.map(({ origin, events }) => ({ origin, events })),
    lost,
    fork: forkOf(store),
    known: behind && { origin: behind.known.origin, events: behind.known.size, from: behind.from },
  };
}

/** The second event of every log but the first says why there is one. */
export function forkOf(store: Store): LogView['fork'] {
  const { first } = store.logs().at(-1) ?? { first: 0 };
  if (first === 0) return null;
  const [event] = store.events({ after: first, limit: 1, oldest: true });
  if (event?.body.type !== 'log.fork') return null;
  const { reason, previous } = event.body.data as unknown as EventData['log.fork'];
  return { at: Date.parse(event.body.ts), reason, previous: previous.origin };
}

function wireErrorOf(error: JitError | null): LogView['trouble'] {
  if (error === null) return null;
  const { code, message, hint } = error;
  return { code, message, ...(hint !== undefined && { hint }) };
}
