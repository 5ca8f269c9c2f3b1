// Collects a report in one pass over the events of a log, in order; or of many logs, one after the other. Pure: reading and
// verifying happen elsewhere.

import { usualAnomalySettings } from '../../core/anomaly.ts';
import type { EventBody } from '../event.ts';
import { deviceOf } from '../origin.ts';
import { timeOf, told } from '../rules/rule.ts';
import { accessOf, activityOf } from './activity.ts';
import { anomaliesOf, createAnomalyReplay } from './anomalies.ts';
import { createCompleteness } from './completeness.ts';
import { controlsOf } from './controls.ts';
import { createOperationWatch } from './operation.ts';
import { createPolicyWatch, policiesOf } from './policy.ts';
import { populationOf } from './population.ts';
import { createRegister, entryOf, sharedNames } from './register.ts';
import type { OfStore, Period, Report, Verification } from './report.ts';
import { sampleOf } from './sample.ts';
import { timelinessOf } from './timeliness.ts';

/** What a report is about. */
export interface ReportOptions {
  readonly version: string;
  readonly period: Period;
  /** Of the newest log of a file: there alone, `jit audit prove` takes a bare number. null: of a shared store. */
  readonly newest: string | null;
  readonly store?: OfStore;
  readonly sample: number;
  /** null: the hash of the last event, which nobody chooses; who writes events can try for one. */
  readonly seed: string | null;
}

/** A report that is being collected. */
export interface Collector {
  /** To be called with every event, from the first of the log on: what was before the period tells how it began. */
  see(event: EventBody): void;
  /** @param verification of exactly the events that were seen */
  result(verification: Verification): Report;
}

/** What is confirmed gone later than this after its deadline is listed. */
const lateThreshold = usualAnomalySettings['overdue-revocation'].after;

/** What is about one broker alone, however many there are. */
interface Device {
  readonly policy: ReturnType<typeof createPolicyWatch>;
  readonly anomalies: ReturnType<typeof createAnomalyReplay>;
}

/** A report without any event yet. What happened after the period is as if it had not been. */
export function createCollector(options: ReportOptions): Collector {
  const { period } = options;
  const completeness = createCompleteness();
  const register = createRegister();
  const operations = createOperationWatch();
  const isStore = options.store !== undefined;
  const devices = new Map<string, Device>();
  let extensionsDenied = 0;

  function deviceFor(origin: string): Device {
    const name = isStore ? deviceOf(origin) : '';
    const known = devices.get(name);
    if (known) return known;
    const device = { policy: createPolicyWatch(), anomalies: createAnomalyReplay(isStore) };
    devices.set(name, device);
    return device;
  }
  // Of a file without any event there is a report, too.
  if (!isStore) deviceFor('');

  return {
    see(event) {
      const at = timeOf(event);
      const isIn = at >= period.from && at < period.to;
      completeness.see(event, isIn);
      if (at >= period.to) return;
      const name = (): string =>
        event.origin === options.newest ? event.seq : `${event.origin}:${event.seq}`;
      const seen = { event, at, isIn, name };
      register.see(seen);
      operations.see(seen);
      const { policy, anomalies } = deviceFor(event.origin);
      policy.see(seen);
      anomalies.see(seen);
      if (isIn && told(event, 'grant.extension_denied')) extensionsDenied += 1;
    },
    result(verification) {
      const grants = register.grants();
      // In its own log a request stands where it was made, whatever the clock said; between logs there is nothing but clocks.
      if (isStore) grants.sort((one, other) => one.requestedAt - other.requestedAt);
      const each = [...devices.values()];
      const timeliness = timelinessOf(grants, period, lateThreshold);
      const asked = grants.filter(({ isCarried }) => !isCarried);
      const found = {
        report: 'jit audit report',
        schema: 1,
        generator: { name: 'jit', version: options.version },
        ...(options.store && { store: options.store }),
        period,
        verification,
        population: {
          ...populationOf(grants, completeness.result(), register, timeliness.open.length),
          ...(isStore && { sharedNames: sharedNames(grants) }),
        },
        policy: policiesOf(
          each.map(({ policy }) => policy),
          isStore,
        ),
        access: accessOf(grants, extensionsDenied),
        activity: activityOf(grants, period),
        timeliness,
        ...operations.result(period, isStore),
        anomalies: anomaliesOf(
          each.map(({ anomalies }) => anomalies),
          period.to,
        ),
        sample: sampleOf(asked, options.sample, options.seed ?? verification.head.slice(0, 16)),
        grants: grants.map(entryOf),
      } as const;
      return { ...found, controls: controlsOf(found) };
    },
  };
}
