// What befell the log and the machine: failures to record, clocks, times without the shared store, restarts, findings.

import type { EventBody, EventType } from '../event.ts';
import { meaningOf } from '../export/meaning.ts';
import { deviceOf } from '../origin.ts';
import { told } from '../rules/rule.ts';
import type { FindingEntry } from './entries.ts';
import { instantOf, type Seen } from './place.ts';
import type { Operation, Period } from './report.ts';

type Open = { -readonly [Key in keyof Operation['unsynced'][number]]: Operation['unsynced'][number][Key] };

/** Watches everything that is about the log itself. */
export interface OperationWatch {
  see(seen: Seen): void;
  /** @param isStore of many brokers, whose events came one after the other */
  result(
    period: Period,
    isStore: boolean,
  ): { readonly operation: Operation; readonly findings: readonly FindingEntry[] };
}

const incidentTypes: ReadonlySet<EventType> = new Set<EventType>([
  'log.fork',
  'log.rollback_detected',
  'revoke.unaudited',
  'process.signal_probe',
  'notify.failed',
  'lease.undisclosed',
  'log.damaged',
  'store.rollback_detected',
]);

/** Has seen nothing yet. */
export function createOperationWatch(): OperationWatch {
  const findings: FindingEntry[] = [];
  const incidents: Operation['incidents'][number][] = [];
  const clock: Operation['clock'][number][] = [];
  const unsynced: Open[] = [];
  const versions = new Set<string>();
  let [keys, starts, recovered] = [0, 0, 0];
  /** By broker. */
  const lags = new Map<string, Open>();
  const devices = new Map<Open, string>();

  function seeSync({ event, at, isIn }: Seen): void {
    const device = deviceOf(event.origin);
    const behind = told(event, 'sync.behind');
    const lag = lags.get(device);
    if (behind) {
      const { from, events } = lag ?? { from: instantOf(behind.since) ?? at, events: 0 };
      lags.set(device, { from, until: null, events: Math.max(events, behind.events) });
    }
    if (event.type !== 'sync.caught_up' || !lag) return;
    lag.until = at;
    if (isIn) unsynced.push(lag);
    if (isIn) devices.set(lag, device);
    lags.delete(device);
  }

  return {
    see(seen) {
      const { event, at, isIn, name } = seen;
      seeSync(seen);
      if (!isIn) return;
      const { type } = event;
      const step = told(event, 'clock.step');
      if (step) clock.push({ at, event: name(), byMs: step.by_ms });
      const found = told(event, 'lease.finding') ?? told(event, 'reconcile.finding');
      if (found) {
        findings.push({
          at,
          event: name(),
          ...found,
          target: event.target ?? null,
          grant: event.grant ?? null,
        });
      }
      if (incidentTypes.has(type)) incidents.push({ at, event: name(), type, what: whatOf(event) });
      if (type === 'key.rotate') keys += 1;
      const start = told(event, 'broker.start');
      if (!start) return;
      starts += 1;
      recovered += start.recovered;
      versions.add(start.version);
    },
    result(period, isStore) {
      for (const [device, lag] of lags) devices.set(lag, device);
      const all = [...unsynced, ...lags.values()];
      if (isStore) {
        findings.sort(inTime);
        incidents.sort(inTime);
        clock.sort(inTime);
        all.sort((one, other) => one.from - other.from);
      }
      // Of what began before the period, only what lies in it counts.
      const lengthOf = ({ from, until }: Open): number =>
        Math.max(0, (until ?? period.to) - Math.max(from, period.from));
      const unsyncedMs = all.reduce((sum, lag) => sum + lengthOf(lag), 0);
      const named = (lag: Open) => ({ device: devices.get(lag) ?? '', ...lag });
      const told = {
        incidents,
        clock,
        unsynced: isStore ? all.map(named) : all,
        unsyncedMs,
        keys,
        starts,
        recovered,
      };
      return { findings, operation: { ...told, versions: [...versions] } };
    },
  };
}

const inTime = (one: { at: number }, other: { at: number }): number => one.at - other.at;

function whatOf(event: EventBody): string {
  const { title, why, code } = meaningOf(event);
  const lost = told(event, 'revoke.unaudited')?.lost;
  const channel = told(event, 'notify.failed')?.channel;
  const store = told(event, 'store.rollback_detected');
  const gone = store && `${store.found} of ${store.acknowledged} events of ${store.origin} were left`;
  const more = [lost === undefined ? null : `${lost} lost`, channel ?? null, gone, why, code];
  return [title, ...more.filter((one) => one !== null)].join('; ');
}
