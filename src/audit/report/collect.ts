// Collects a report in one pass over the events of a log, in order. Pure: reading and verifying happen elsewhere.

import { usualAnomalySettings } from '../../core/anomaly.ts';
import type { EventBody } from '../event.ts';
import { timeOf, told } from '../rules/rule.ts';
import { accessOf, activityOf } from './activity.ts';
import { createAnomalyReplay } from './anomalies.ts';
import { createCompleteness } from './completeness.ts';
import { controlsOf } from './controls.ts';
import { createOperationWatch } from './operation.ts';
import { createPolicyWatch } from './policy.ts';
import { populationOf } from './population.ts';
import { createRegister, entryOf } from './register.ts';
import type { Period, Report, Verification } from './report.ts';
import { sampleOf } from './sample.ts';
import { timelinessOf } from './timeliness.ts';

/** What a report is about. */
export interface ReportOptions {
  readonly version: string;
  readonly period: Period;
  /** Of the newest log of the source: there alone, `jit audit prove` takes a bare number. */
  readonly newest: string;
  readonly sample: number;
  /** null: the hash of the last event, which nobody could choose. */
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

/** A report without any event yet. What happened after the period is as if it had not been. */
export function createCollector(options: ReportOptions): Collector {
  const { period } = options;
  const completeness = createCompleteness();
  const register = createRegister();
  const policy = createPolicyWatch();
  const operations = createOperationWatch();
  const anomalies = createAnomalyReplay();
  let extensionsDenied = 0;

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
      policy.see(seen);
      operations.see(seen);
      anomalies.see(seen);
      if (isIn && told(event, 'grant.extension_denied')) extensionsDenied += 1;
    },
    result(verification) {
      const grants = register.grants();
      const timeliness = timelinessOf(grants, period, lateThreshold);
      const asked = grants.filter(({ isCarried }) => !isCarried);
      const found = {
        report: 'jit audit report',
        schema: 1,
        generator: { name: 'jit', version: options.version },
        period,
        verification,
        population: populationOf(grants, completeness.result(), register, timeliness.open.length),
        policy: policy.result(),
        access: accessOf(grants, extensionsDenied),
        activity: activityOf(grants, period),
        timeliness,
        ...operations.result(period),
        anomalies: anomalies.result(period.to),
        sample: sampleOf(asked, options.sample, options.seed ?? verification.head.slice(0, 16)),
        grants: grants.map(entryOf),
      } as const;
      return { ...found, controls: controlsOf(found) };
    },
  };
}
