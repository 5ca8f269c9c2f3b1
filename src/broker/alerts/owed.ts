// Whether people may be owed an alert that a broker before this one wrote down.

import type { Broker } from '../broker.ts';
import { eventsAfter } from '../log-reader.ts';
import { alertOf } from './alert-of.ts';
import { readTold } from './told.ts';

/** The end of a broker and the start of the next, with what the log has to say of itself between them. */
const nearby = 20;

/** Reads next to nothing: it is asked at every start. To be called once `broker.start` is written. */
export function mayOweAlerts({ ledger, paths }: Broker): boolean {
  try {
    const told = readTold(paths.alerted, ledger.store.origin) ?? [];
    if (told.length === 0) return false;
    const { store } = ledger;
    return told.some(({ waiting, row }) => waiting > 0 || isNews(store, row)) || !isEndOnRecord(store);
  } catch {
    // alerts.ts says what is wrong with it.
    return true;
  }
}

/** Something to tell comes after `row`: a broker may have ended as it should, and never have known whom to tell. */
function isNews(store: Broker['ledger']['store'], row: number): boolean {
  const events = eventsAfter(store, row, 2 * nearby);
  return events.length === 2 * nearby || events.some(({ body }) => alertOf(body) !== null);
}

/** Of the broker before this one. */
function isEndOnRecord(store: Broker['ledger']['store']): boolean {
  const types = store.events({ limit: nearby }).map(({ body }) => body.type);
  const before = types.slice(0, Math.max(0, types.lastIndexOf('broker.start')));
  return before.lastIndexOf('broker.stop') > before.lastIndexOf('broker.start');
}
