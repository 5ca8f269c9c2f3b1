// Whether the population is whole, and what it is.

import { type Block, none, type Printing, type Section, text, warn } from '../document.ts';
import type { Report } from '../report.ts';
import { counted, figure, lengthOf } from '../words.ts';
import { verdict } from './summary.ts';
import { headsCell } from './trust.ts';

/** Sequence numbers and types of events. */
export function completeness(report: Report, printing: Printing): Section {
  const { population } = report;
  const rows = population.ranges.map(({ origin, first, last, events, otherTimes, gaps }) => [
    { code: origin },
    `${first} to ${last}`,
    events,
    otherTimes === 0 ? 0 : warn(figure(otherTimes)),
    none(gaps, figure(gaps)),
  ]);
  return {
    id: 'completeness',
    title: 'Completeness',
    blocks: [
      verdict(report, printing),
      text(
        `Each event holds the hash of the one before, and a number that follows it without a gap. Both were checked from the first event of ${report.store ? 'each log that is there' : 'the log'} to its last, not only in the period.`,
      ),
      {
        kind: 'table',
        caption: 'Sequence numbers in the period',
        columns: ['Log', 'Numbers', 'Events#', 'Of other times in between#', 'Gaps#'],
        rows,
        empty: 'There is no event in the period.',
      },
      {
        kind: 'facts',
        facts: [['Heads kept elsewhere', headsCell(report, printing, report.store ? storeHeads : noHeads)]],
      },
      {
        kind: 'table',
        caption: 'Events by type',
        columns: ['Type', 'Events#'],
        rows: population.types.map(({ name, count }) => [{ code: name }, count]),
        empty: 'There is no event in the period.',
      },
    ],
  };
}

const storeHeads =
  'none was given: the store refuses a log that was set back; what its administrators do shows by heads kept elsewhere';

const noHeads = 'none was given: a tail that was cut off would not be seen';

/** Requests, grants and credentials. */
export function population({ population: all }: Report): Section {
  const { requests, approved, denied, undecided, carriedIn } = all;
  return {
    id: 'population',
    title: 'Population',
    blocks: [
      text(
        `${counted(requests, 'request')} in the period: ${figure(approved)} approved, ${figure(denied)} denied, ${figure(undecided)} without a decision on record. ${counted(carriedIn, 'grant')} had been there before.`,
      ),
      sums(all),
      {
        kind: 'table',
        caption: 'Requests and credentials by target',
        columns: [
          'Target',
          'Requests#',
          'Approved#',
          'Denied#',
          'Principals#',
          'Issued#',
          'Confirmed gone#',
          'Late, 95 %#',
          'Late, most#',
        ],
        rows: all.targets.map((one) => [
          one.target,
          one.requests,
          one.approved,
          one.denied,
          one.people,
          one.issued,
          one.revoked,
          lengthOf(one.late.p95Ms),
          lengthOf(one.late.maxMs),
        ]),
        empty: 'Nothing was asked for.',
      },
    ],
  };
}

function sums({ credentials, unrequested, sharedNames }: Report['population']): Block {
  const { before, begun, gone, after, pastDeadline, unapproved } = credentials;
  return {
    kind: 'facts',
    facts: [
      [
        'Credentials',
        `${figure(before)} there before + ${figure(begun)} begun = ${figure(gone)} confirmed gone + ${figure(after)} there after the period`,
      ],
      [
        'Of those there after it',
        none(pastDeadline, `${figure(pastDeadline)} past their deadline or the end of their grant`),
      ],
      [
        'Without a grant that had been approved, or after its end',
        none(unapproved.length, namesOf(unapproved)),
      ],
      ['Grants with events, but without a request on record', none(unrequested.length, namesOf(unrequested))],
      ...(sharedNames === undefined
        ? []
        : [
            [
              'Names of grants that more than one device has used',
              none(sharedNames.length, [figure(sharedNames.length), ...sharedNames.slice(0, 10)].join(' ')),
            ] as const,
          ]),
    ],
  };
}

/** `2: events 41, 57` */
function namesOf(events: readonly string[]): string {
  if (events.length === 0) return '0';
  const more = events.length > 10 ? ' …' : '';
  return `${figure(events.length)}: event ${events.slice(0, 10).join(', ')}${more}`;
}
