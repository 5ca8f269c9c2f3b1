// The first page: is the log whole, how much access was there, what needs a look.

import type { Block, Section, Tone } from '../document.ts';
import type { Report } from '../report.ts';
import { counted, figure, lengthOf, share } from '../words.ts';
import { timeline } from './activity.ts';

export function summary(report: Report): Section {
  const chart = report.population.approved === 0 ? [] : [timeline(report.activity)];
  return { id: 'summary', title: 'Summary', blocks: [verdict(report), figures(report), ...chart] };
}

/** One sentence on whether the rest can be believed. */
export function verdict({ verification, population }: Report): Block {
  const { valid, problem, events, logs } = verification;
  const gaps = population.ranges.reduce((sum, range) => sum + range.gaps, 0);
  if (!valid || gaps > 0) {
    const what = problem ? `event ${problem.seq}: ${problem.what}` : counted(gaps, 'gap');
    const read = `Only the ${counted(events, 'event')} before that are in this report.`;
    return {
      kind: 'verdict',
      tone: 'bad',
      text: `The log is NOT whole: ${what}. ${problem ? read : ''}`.trim(),
    };
  }
  const rest = events - logs.reduce((sum, { signed }) => sum + signed, 0);
  const signed = rest === 0 ? 'all of them signed' : `${figure(events - rest)} of them signed`;
  return {
    kind: 'verdict',
    tone: 'good',
    text: `The log is whole: ${counted(events, 'event')} verified, no gap, nothing changed, ${signed}.`,
  };
}

function figures({ population, timeliness, findings, anomalies, operation, verification }: Report): Block {
  const { requests, approved, denied, people } = population;
  const grave = anomalies.found.filter(
    ({ severity }) => severity === 'high' || severity === 'critical',
  ).length;
  const zero = (count: number, tone: Tone): { tone?: Tone } => (count === 0 ? {} : { tone });
  const { late, open, overdue } = timeliness;
  const troubles = operation.incidents.length + operation.clock.length + operation.unsynced.length;
  return {
    kind: 'figures',
    figures: [
      { name: 'Grants', value: figure(approved), note: `of ${counted(requests, 'request')}` },
      {
        name: 'Principals',
        value: figure(people),
        note: `on ${counted(population.targets.length, 'target')}`,
      },
      { name: 'Denied', value: figure(denied), note: `${share(denied, requests)} of requests` },
      {
        name: 'Revoked within',
        value: lengthOf(late.p95Ms),
        note: `of the deadline, 95 % of ${figure(late.count)}; the last ${lengthOf(late.maxMs)}`,
      },
      {
        name: 'Not confirmed gone',
        value: figure(open.length),
        note: `at the end of the period; overdue at some time: ${figure(overdue)}`,
        ...zero(open.length, 'bad'),
      },
      {
        name: 'Findings',
        value: figure(findings.length),
        note: 'left on a target',
        ...zero(findings.length, 'warn'),
      },
      {
        name: 'Anomalies',
        value: figure(grave),
        note: `of high or critical severity, of ${figure(anomalies.found.length)}`,
        ...zero(grave, 'warn'),
      },
      {
        name: 'Incidents of the log',
        value: figure(troubles),
        note: `clock, sync, failures; ${counted(verification.logs.length, 'log')}`,
        ...zero(troubles, 'warn'),
      },
    ],
  };
}
