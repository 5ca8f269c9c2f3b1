// How soon credentials were gone once their time was over.

import {
  type Block,
  bad,
  type Cell,
  type Chart,
  type Printing,
  type Section,
  type Table,
  text,
} from '../document.ts';
import type { LateEntry } from '../entries.ts';
import type { Report, Timeliness } from '../report.ts';
import { counted, figure, lengthOf, share, timeText } from '../words.ts';

const most = 50;

export function timeliness({ timeliness: all }: Report, { isWhole }: Printing): Section {
  const { late, took, thresholdMs, above, open } = all;
  const limit = isWhole ? Number.POSITIVE_INFINITY : most;
  const blocks: Block[] = [
    text(
      'Late is how long after its deadline a credential was confirmed gone at the target; one whose grant ended early, and that was gone before the deadline, is in time. Duration is from the first attempt to revoke it to the confirmation, whenever that began. Percentiles are by nearest rank: the value that 95 % do not exceed.',
    ),
    {
      kind: 'table',
      caption: 'Revocation',
      columns: ['Measure', 'Credentials#', 'Median#', '95 %#', 'Longest#'],
      rows: [
        ['Late', late.count, lengthOf(late.p50Ms), lengthOf(late.p95Ms), lengthOf(late.maxMs)],
        ['Duration', took.count, lengthOf(took.p50Ms), lengthOf(took.p95Ms), lengthOf(took.maxMs)],
      ],
      empty: '',
    },
    ...(late.count === 0 ? [] : [bands(all)]),
    lateTable(
      `Not confirmed gone when the period ended`,
      open,
      limit,
      'All that were due had been confirmed gone.',
    ),
    lateTable(
      `Confirmed gone more than ${lengthOf(thresholdMs)} late, or more than ${lengthOf(thresholdMs)} after the first attempt`,
      above,
      limit,
      `None was more than ${lengthOf(thresholdMs)} late, or took longer.`,
    ),
  ];
  return { id: 'timeliness', title: 'Timeliness of revocation', blocks };
}

function bands({ bands: all, late, above, thresholdMs }: Timeliness): Chart {
  const inTime = all[0]?.count ?? 0;
  const used = all.slice(0, all.findLastIndex(({ count }) => count > 0) + 1);
  return {
    kind: 'chart',
    id: 'chart-late',
    title: 'How late credentials were confirmed gone',
    description: `${figure(inTime)} of ${figure(late.count)} (${share(inTime, late.count)}) in time; ${figure(above.filter(({ lateMs }) => lateMs > thresholdMs).length)} more than ${lengthOf(thresholdMs)} late.`,
    shape: {
      type: 'bars',
      bars: used.map(({ name, count, isLate }) => ({ name, count, ...(isLate && { tone: 'bad' as const }) })),
    },
    data: {
      kind: 'table',
      caption: 'Credentials by how late they were confirmed gone',
      columns: ['Late', 'Credentials#', 'Share#'],
      rows: used.map(({ name, count }) => [name, count, share(count, late.count)]),
      empty: 'none',
    },
  };
}

function lateTable(what: string, entries: readonly LateEntry[], limit: number, empty: string): Table {
  const shown = entries.slice(0, limit);
  const more =
    shown.length < entries.length ? `, the ${figure(shown.length)} latest of ${figure(entries.length)}` : '';
  return {
    kind: 'table',
    caption: `${what}: ${counted(entries.length, 'credential')}${more}`,
    columns: [
      'Grant',
      'Principal',
      'Role',
      'Deadline (UTC)',
      'Gone (UTC)',
      'Late#',
      'Duration#',
      'Attempts#',
      'Why it ended',
    ],
    rows: shown.map(lateRow),
    empty,
  };
}

function lateRow({
  grant,
  principal,
  target,
  role,
  deadlineAt,
  revokedAt,
  lateMs,
  tookMs,
  attempts,
  cause,
}: LateEntry): Cell[] {
  const gone = revokedAt === null ? bad('not confirmed') : timeText(revokedAt);
  return [
    { code: grant },
    principal,
    `${target}:${role}`,
    timeText(deadlineAt),
    gone,
    lengthOf(lateMs),
    lengthOf(tookMs),
    attempts,
    cause,
  ];
}
