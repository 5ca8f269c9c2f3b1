// The first page: is the log whole, how much access was there, what needs a look.

import type { Block, Printing, Section, Tone } from '../document.ts';
import type { Report } from '../report.ts';
import { counted, figure, lengthOf, share, timeText } from '../words.ts';
import { timeline } from './activity.ts';
import { storedLogs } from './store-scope.ts';
import { isGiven } from './trust.ts';

export function summary(report: Report, printing: Printing): Section {
  const chart = report.population.approved === 0 ? [] : [timeline(report.activity)];
  const blocks = [verdict(report, printing), ...coverage(report), figures(report), ...chart];
  return { id: 'summary', title: 'Summary', blocks };
}

type Verdict = Extract<Block, { kind: 'verdict' }>;

/** One sentence on whether the rest can be believed. */
export function verdict(report: Report, printing: Printing): Verdict {
  if (report.store) return storeVerdict(report, printing);
  const { heads, excused = 0 } = printing;
  const { verification, population } = report;
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
  const signed = logs.reduce((sum, log) => sum + log.signed, 0);
  if (signed === 0) {
    return {
      kind: 'verdict',
      tone: 'warn',
      text: `The chain of hashes has no gap: ${counted(events, 'event')}. But none of them is signed: whoever could write the file could have made it anew.`,
    };
  }
  const cover = signed === events ? 'all of them signed' : `${figure(signed)} of them signed`;
  const tail =
    heads + excused === 0
      ? 'No head kept elsewhere was given: a tail that was cut off would not be seen.'
      : `It leads to ${headsLedTo(heads, excused)}.`;
  const key = isGiven(report, logs.at(-1))
    ? 'Its key, or one that signed for it, was given.'
    : 'No key was given: the log names its own.';
  return {
    kind: 'verdict',
    tone: excused > 0 ? 'warn' : 'good',
    text: `The log is whole: ${counted(events, 'event')} verified, no gap, nothing changed, ${cover}. ${tail} ${key}`,
  };
}

function headsLedTo(heads: number, excused: number): string {
  const lost = excused === 0 ? '' : `, and not to ${figure(excused)} that a fork has put on record as lost`;
  return `${counted(heads, 'head')} kept elsewhere${lost}`;
}

/** The same of many logs: a bad one among them is named. */
function storeVerdict(report: Report, { heads, excused = 0 }: Printing): Verdict {
  const { events, elsewhere } = report.verification;
  const logs = storedLogs(report);
  const gaps = report.population.ranges.reduce((sum, range) => sum + range.gaps, 0);
  const bad = logs.filter(({ stored }) => !stored.valid);
  const [first] = bad;
  const lacking = elsewhere?.missing ?? [];
  if (lacking.length > 0 && !first && gaps === 0) {
    return { kind: 'verdict', tone: 'bad', text: notThere(lacking) };
  }
  if (first || gaps > 0) {
    const { problem } = first?.stored ?? {};
    const what = problem ? `${first?.origin}, event ${problem.seq}: ${problem.what}` : counted(gaps, 'gap');
    const others = bad.length > 1 ? `; the others are in Scope and period` : '';
    const read = bad.length > 0 ? ' Of these, only the events before that are in this report.' : '';
    return {
      kind: 'verdict',
      tone: 'bad',
      text: `${figure(bad.length)} of ${counted(logs.length, 'log')} NOT whole: ${what}${others}.${read}${lacking.length === 0 ? '' : ` ${notThere(lacking)}`}`,
    };
  }
  const rest = logs.reduce((sum, log) => sum + Math.max(0, log.events - log.signed), 0);
  const cover = rest === 0 ? 'all of them signed' : `${figure(rest)} acknowledged events not signed`;
  const retired = logs.filter(({ stored }) => stored.firstSeq > 0).length;
  const tail = heads + excused === 0 ? '' : ` They lead to ${headsLedTo(heads, excused)}.`;
  const known = logs.filter((log) => isGiven(report, log)).length;
  const keys =
    known === 0
      ? logs.some((log) => log.keys.length > 0)
        ? ' No key was given: each log names its own.'
        : ''
      : ` Keys were given of ${figure(known)} of ${counted(logs.length, 'log')}.`;
  const missing = retired === 0 ? '' : ` The beginning of ${counted(retired, 'log')} is past its retention.`;
  return {
    kind: 'verdict',
    tone: rest > 0 || retired > 0 || excused > 0 ? 'warn' : 'good',
    text: `${logs.length === 1 ? 'The log is' : `All ${figure(logs.length)} logs are`} whole: ${counted(events, 'event')} verified, no gap, nothing changed, ${cover}.${missing}${tail}${keys}`,
  };
}

const notThere = (names: readonly string[]): string =>
  `${counted(names.length, 'log')} that a key or a head was given of NOT in the store: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' …' : ''}.`;

const second = 1_000;

/** What of the period the log cannot tell, because it began later or ended before. */
function coverage({ period: { from, to }, verification, store }: Report): Verdict[] {
  const warn = (text: string): Verdict => ({ kind: 'verdict', tone: 'warn', text });
  const { firstAt, lastAt } = verification;
  if (firstAt === null || lastAt === null) return [];
  const [first, last] = [timeText(firstAt), timeText(lastAt)];
  const of = store ? 'of these logs' : 'of the log';
  if (lastAt < from || firstAt >= to) {
    return [
      warn(`No event ${of} is in the period: ${store ? 'they go' : 'it goes'} from ${first} to ${last}.`),
    ];
  }
  return [
    ...(firstAt < from + second
      ? []
      : [
          warn(
            `${store ? 'The first of the logs' : 'The log'} began within the period. Nothing is known of the time before ${first}.`,
          ),
        ]),
    ...(!verification.valid || lastAt >= to - second
      ? []
      : [warn(`The last event is of ${last}: from then to the end of the period nothing was written.`)]),
  ];
}

function figures(report: Report): Block {
  const { population, timeliness, findings, anomalies, operation, verification, store } = report;
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
        name: `Incidents of the log${store ? 's' : ''}`,
        value: figure(troubles),
        note: `clock, sync, failures; ${counted(verification.logs.length, 'log')}`,
        ...zero(troubles, 'warn'),
      },
    ],
  };
}
