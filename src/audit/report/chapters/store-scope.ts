// What a report on a shared store is about: which logs of which devices, how much of each, and what verification said of it.

import { deviceOf } from '../../origin.ts';
import {
  type Block,
  bad,
  type Cell,
  good,
  none,
  type Printing,
  type Section,
  text,
  warn,
} from '../document.ts';
import type { LogSummary, Report, StoredLog } from '../report.ts';
import { counted, figure, timeText } from '../words.ts';
import { keySource, trustFacts } from './trust.ts';

type OneOfMany = LogSummary & { readonly stored: StoredLog };

/** Logs with what the store says of them. */
export const storedLogs = ({ verification }: Pick<Report, 'verification'>): OneOfMany[] =>
  verification.logs.filter((log): log is OneOfMany => log.stored !== undefined);

export function storeScope(report: Report, printing: Printing): Section {
  const { printedAt, digest, place } = printing;
  const { period, generator, verification, store } = report;
  const logs = storedLogs(report);
  const keptSince = store?.keptSinceAt ?? null;
  const retired = logs.filter(({ stored }) => stored.firstSeq > 0);
  const late = retired.filter(({ stored }) => stored.firstAt === null || stored.firstAt > period.from);
  const missing = verification.elsewhere?.missing ?? [];
  const acknowledged = logs.reduce((sum, { events }) => sum + events, 0);
  return {
    id: 'scope',
    title: 'Scope and period',
    blocks: [
      {
        kind: 'facts',
        facts: [
          ['Period', `${timeText(period.from)} to before ${timeText(period.to)}, UTC`],
          ['Source', place === undefined ? 'a shared store' : `the shared store ${place}`],
          [
            'Logs',
            `${counted(logs.length, 'log')} of ${counted(devicesOf(logs).size, 'device')}, all that the store has`,
          ],
          [
            'Events',
            `${figure(verification.events)} looked at, of ${figure(acknowledged)} that the store has acknowledged`,
          ],
          [
            'Logs whose beginning is past its retention',
            `${figure(retired.length)}${keptSince === null ? '' : `; kept since ${timeText(keptSince)}`}`,
          ],
          [
            'Of these, logs that begin within the period or have no event left',
            none(late.length, figure(late.length), 'warn'),
          ],
          ...(missing.length === 0
            ? []
            : [
                [
                  'Logs that a key or a head was given of, and that are not there',
                  bad(missing.join(', ')),
                ] as const,
              ]),
          ['Devices last heard of before the period ended', figure(unheard(logs, period.to))],
          ['Made by', `${generator.name} ${generator.version}, ${timeText(printedAt)} UTC`],
          ['SHA-256 of this report as JSON', { code: digest }],
          ['SHA-256 of all heads', { code: verification.head }],
          ...trustFacts(report, printing),
        ],
      },
      text(
        'A store has what devices have sent. What a device did since it was last heard of, and what it never sent, is not here. The SHA-256 of all heads is over one line per log, in the order of the table: its name, the number of its events, and the leaf hash of the last one looked at. Signed heads are in the report as JSON.',
      ),
      logTable(report, logs),
    ],
  };
}

export const devicesOf = (logs: readonly LogSummary[]): Set<string> =>
  new Set(logs.map(({ origin }) => deviceOf(origin)));

/** Devices of which the newest log was last heard of before `to`. */
function unheard(logs: readonly OneOfMany[], to: number): number {
  const last = new Map(logs.map(({ origin, stored }) => [deviceOf(origin), stored.lastSeenAt]));
  return [...last.values()].filter((at) => at < to).length;
}

function logTable(report: Report, logs: readonly OneOfMany[]): Block {
  return {
    kind: 'table',
    caption: 'Logs, and what verification said of each',
    columns: [
      'Log',
      'Registered by',
      'Events#',
      'Looked at#',
      'Signed#',
      'Verified',
      'Last heard of (UTC)',
      'Key',
      'This key is',
    ],
    rows: logs.map((log) => [
      { code: log.origin },
      log.stored.registeredBy,
      log.events,
      log.stored.seen,
      log.signed,
      verified(log),
      timeText(log.stored.lastSeenAt),
      log.keys.length === 0 ? 'none' : { code: log.keys.at(-1) ?? '' },
      keySource(report, log),
    ]),
    empty: 'The store has no log.',
  };
}

function verified({ events, signed, stored, fork }: OneOfMany): Cell {
  const { problem, firstSeq: from, firstAt } = stored;
  if (problem) return bad(`NOT valid: event ${problem.seq}: ${problem.what}`);
  const parts = [
    ...(from === 0
      ? []
      : [`begins with event ${figure(from)}${firstAt === null ? '' : ` of ${timeText(firstAt)}`}`]),
    ...(signed >= events ? [] : [`${figure(events - signed)} not signed`]),
    ...(fork === null ? [] : [`goes on from the log before: ${fork}`]),
  ];
  const words = ['valid', ...parts].join('; ');
  return from > 0 || signed < events ? warn(words) : good(words);
}
