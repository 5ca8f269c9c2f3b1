// How the use of an endpoint gets into the log: counted, and told in few events, so that nobody can flood it.

import type { AuditEvent } from '../audit/event.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Broker } from './broker.ts';
import { placeOf } from './revocation.ts';

/** Uses are told at once, and then together once a minute. */
const pause: Milliseconds = 60_000;

/** Between two events the processes of so many uses are looked for. */
const mostLooks = 4;

/** Counts the uses of one grant's endpoints. */
export interface Tally {
  readonly hasServed: boolean;
  /** @param by tells which process was served; asked for the first few only, because finding out takes a moment */
  served(by?: () => string | null): void;
  refused(why: string): void;
  /** Writes the uses that are not told yet: later they would look as if they were later. Never throws. */
  tellServed(): void;
  /** Writes what is not told yet, and counts nothing more. Never throws. */
  close(): void;
}

/** Writes never wait for the answer to a client, nor keep it from one. */
export function keepTally(broker: Broker, grantId: string, leaseId: string): Tally {
  const { clock, ledger } = broker;
  let hasServed = false;
  let served = 0;
  let looks = 0;
  const names = new Set<string>();
  const refused = new Map<string, number>();
  let toldAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let isClosed = false;

  function flush(): void {
    cancel?.();
    cancel = null;
    if (served === 0 && refused.size === 0) return;
    const place = { at: clock.now(), ...placeOf(ledger.grant(grantId)), lease: leaseId };
    const events: AuditEvent[] = [];
    const by = names.size > 0 ? { by: [...names] } : {};
    if (served > 0) events.push({ type: 'lease.served', ...place, data: { count: served, ...by } });
    for (const [why, count] of refused)
      events.push({ type: 'lease.refused', ...place, data: { why, count } });
    served = 0;
    looks = 0;
    names.clear();
    refused.clear();
    toldAt = clock.sinceBoot();
    ledger.writeRevocation({ events });
  }

  function flushQuietly(): void {
    try {
      flush();
    } catch (thrown) {
      broker.log.error(`the uses of an endpoint of grant ${grantId} are not told`, thrown);
    }
  }

  function plan(): void {
    if (isClosed) return;
    cancel ??= clock.after(Math.max(0, toldAt + pause - clock.sinceBoot()), flush);
  }

  return {
    get hasServed() {
      return hasServed;
    },
    served(by) {
      hasServed = true;
      served += 1;
      if (by && looks < mostLooks) {
        looks += 1;
        const name = by();
        if (name !== null) names.add(name);
      }
      plan();
    },
    refused(why) {
      refused.set(why, (refused.get(why) ?? 0) + 1);
      plan();
    },
    tellServed() {
      if (served > 0) flushQuietly();
    },
    close() {
      isClosed = true;
      flushQuietly();
    },
  };
}
