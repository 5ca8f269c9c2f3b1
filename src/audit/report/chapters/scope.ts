// What the report is about: the period, the log, its head, who made the report.

import type { Block, Printing, Section } from '../document.ts';
import type { LogSummary, Report } from '../report.ts';
import { counted, figure, timeText } from '../words.ts';
import { storeScope } from './store-scope.ts';
import { keySource, trustFacts } from './trust.ts';

export function scope(report: Report, printing: Printing): Section {
  if (report.store) return storeScope(report, printing);
  const { printedAt, digest, file } = printing;
  const { period, generator, verification } = report;
  return {
    id: 'scope',
    title: 'Scope and period',
    blocks: [
      {
        kind: 'facts',
        facts: [
          ['Period', `${timeText(period.from)} to before ${timeText(period.to)}, UTC`],
          ['Source', file === null ? 'the log of the user who made this report' : { code: file }],
          ['Made by', `${generator.name} ${generator.version}, ${timeText(printedAt)} UTC`],
          ['SHA-256 of this report as JSON', { code: digest }],
          ['Last event', { code: verification.head }],
          ...trustFacts(report, printing),
        ],
      },
      ...verification.logs.flatMap((log) => logBlocks(report, log)),
    ],
  };
}

function logBlocks(report: Report, log: LogSummary): Block[] {
  const { origin, events, signed, root, keys, fork, checkpoint } = log;
  const facts: Block = {
    kind: 'facts',
    facts: [
      ['Log', { code: origin }],
      ['Size', `${counted(events, 'event')}, ${figure(signed)} of them covered by a signed head`],
      ['Root', { code: root ?? '' }],
      ['Key', keys.length === 0 ? 'none: this log is not signed' : { code: keys.at(-1) ?? '' }],
      ...(keys.length === 0 ? [] : [['This key is', keySource(report, log)] as const]),
      ...(keys.length > 1 ? [['Keys before it', String(keys.length - 1)] as const] : []),
      ...(fork === null ? [] : [['Goes on from the log before', fork] as const]),
    ],
  };
  const note = { kind: 'preformatted', label: `Signed head of ${origin}`, text: checkpoint ?? '' } as const;
  return checkpoint === null ? [facts] : [facts, note];
}
