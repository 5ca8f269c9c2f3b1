// A broker that nobody asks: after a moment changes an old key, gives memory back and makes the file of its store whole, and ends after a while with nothing open.

import { giveMemoryBack } from '../system/memory.ts';
import type { Broker } from './broker.ts';

/** What tells the watch that somebody asked. */
export interface IdleWatch {
  touch(): void;
  stop(): void;
}

/** Quiet for this long, a burst of requests is over. */
const moment = 500;

/** Calls `onIdle` once the broker has had nothing to do for its idle time. */
export function watchIdle(broker: Broker, onIdle: () => void): IdleWatch {
  let last = broker.clock.sinceBoot();
  let cancel = (): void => undefined;
  const look = (): void => {
    const { clock, timing } = broker;
    if (isNeeded(broker)) last = clock.sinceBoot();
    const left = last + timing.idle - clock.sinceBoot();
    if (left <= 0) onIdle();
    else cancel = clock.after(Math.min(left, 30_000), look);
  };
  cancel = broker.clock.after(broker.timing.idle, look);
  let cancelRest = (): void => undefined;
  const rest = (): void => {
    cancelRest();
    cancelRest = broker.clock.after(moment, () => {
      broker.deviceKey.rest();
      broker.ledger.store.checkpoint();
      giveMemoryBack();
    });
  };
  rest();
  // A revocation goes on after the request that caused it, and leaves more behind than that.
  broker.changes.on('change', rest);
  return {
    touch() {
      last = broker.clock.sinceBoot();
      rest();
    },
    stop() {
      broker.changes.off('change', rest);
      cancel();
      cancelRest();
    },
  };
}

/** Anything open, or not on disk yet, or not at a shared store that takes it. What cannot be read counts as open. */
function isNeeded({ ledger, log, sync }: Broker): boolean {
  try {
    return (
      ledger.openLeases().length > 0 ||
      ledger.activeGrants().length > 0 ||
      ledger.unwritten > 0 ||
      sync.isBusy
    );
  } catch (thrown) {
    log.warn('cannot tell whether the broker is idle', thrown);
    return true;
  }
}
