// What is believed only because somebody gave it, and what the logs say of themselves: keys, and heads kept elsewhere.

import { bad, type Cell, good, type Printing, warn } from '../document.ts';
import type { LogSummary, Report } from '../report.ts';
import { counted, figure } from '../words.ts';

type Verified = Pick<Report, 'store' | 'verification'>;
type Fact = readonly [name: string, value: Cell];

const given = ({ verification }: Verified): readonly string[] => verification.elsewhere?.keys ?? [];

/** True when a key of `log` was given. */
export function isGiven(report: Verified, log: LogSummary | undefined): boolean {
  return log?.keys.some((key) => given(report).includes(key)) ?? false;
}

/** Why the key that is in force in `log` is believed. */
export function keySource(report: Verified, log: LogSummary): string {
  const newest = log.keys.at(-1);
  if (newest === undefined) return 'none';
  if (given(report).includes(newest)) return 'given';
  if (isGiven(report, log)) return 'signed for by one that was given';
  return (log.stored?.firstSeq ?? 0) > 0 ? 'taken from the store itself' : 'named by the log itself';
}

/** How the logs stand to heads that are kept elsewhere. @param none what to say where there was none */
export function headsCell({ store, verification }: Verified, printing: Printing, none: string): Cell {
  const { heads, excused = 0 } = printing;
  const missed = verification.elsewhere?.heads.filter(({ standing }) => standing === 'missed').length ?? 0;
  if (heads + excused + missed === 0) return none;
  const words = [
    `the log${store ? 's lead' : ' leads'} to ${counted(heads, 'head')} kept elsewhere`,
    ...(excused === 0 ? [] : [`not to ${figure(excused)} that a fork has put on record as lost`]),
    ...(missed === 0 ? [] : [`NOT to ${figure(missed)}`]),
  ].join(', ');
  return (missed > 0 ? bad : excused > 0 ? warn : good)(words);
}

/** Keys that were given, logs whose keys were not, heads. */
export function trustFacts(report: Verified, printing: Printing): Fact[] {
  const { logs } = report.verification;
  const keys = given(report);
  const own = logs.filter((log) => log.keys.length > 0 && !isGiven(report, log)).map(({ origin }) => origin);
  const more = own.length > 10 ? ' …' : '';
  return [
    ...(keys.length === 0
      ? [['Keys given', 'none'] as const]
      : keys.map((key): Fact => ['Key given', { code: key }])),
    [
      'Logs whose keys are only what they say of themselves',
      own.length === 0 ? '0' : `${figure(own.length)}: ${own.slice(0, 10).join(', ')}${more}`,
    ],
    ['Heads kept elsewhere', headsCell(report, printing, 'none was given')],
  ];
}
