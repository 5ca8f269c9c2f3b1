// When access was given, to what and to whom, as charts.

import type { Block, Chart, Section, Table } from '../document.ts';
import type { Activity, Count, Report } from '../report.ts';
import { counted, dayText, figure, lengthOf, share } from '../words.ts';

const mostBars = 20;
const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

export function activity({ activity: all, access, population }: Report): Section {
  const { approved } = population;
  const via = access.via.map(({ name, count }) => `${figure(count)} by ${name}`).join(', ');
  const facts: Block = {
    kind: 'facts',
    facts: [
      [
        'Length',
        `median ${lengthOf(access.lengths.p50Ms)}, 95 % at most ${lengthOf(access.lengths.p95Ms)}, longest ${lengthOf(access.lengths.maxMs)}`,
      ],
      [
        'Extended',
        `${counted(access.extensions, 'time')}; denied ${counted(access.extensionsDenied, 'time')}`,
      ],
      ['With a reason', `${figure(access.withReason)} (${share(access.withReason, approved)})`],
      ['With a ticket', `${figure(access.withTicket)} (${share(access.withTicket, approved)})`],
      ['Narrowed by a scope', `${figure(access.scoped)} (${share(access.scoped, approved)})`],
      ['Asked for', via === '' ? 'never' : via],
      [
        'Used',
        `${counted(access.served, 'credential')} served, ${counted(access.commands, 'command')} begun`,
      ],
    ],
  };
  if (approved === 0) return { id: 'activity', title: 'Who, what and when', blocks: [facts] };
  return {
    id: 'activity',
    title: 'Who, what and when',
    blocks: [
      hours(all),
      bars('targets', 'Grants by role', all.roles, 'role'),
      bars('people', 'Grants by principal', all.people, 'principal'),
      facts,
    ],
  };
}

/** All of the period at a glance. */
export function timeline(all: Activity): Chart {
  const { unit, slots, series } = all;
  const [most] = slots.toSorted((one, other) => other.total - one.total);
  const sum = slots.reduce((total, slot) => total + slot.total, 0);
  return {
    kind: 'chart',
    id: 'chart-timeline',
    title: `Grants per ${unit}, by target`,
    description: `${counted(sum, 'grant')} over ${counted(slots.length, unit)}; most in the ${unit} from ${dayText(most?.from ?? 0)}: ${figure(most?.total ?? 0)}.`,
    shape: { type: 'timeline', activity: all },
    data: {
      kind: 'table',
      caption: `Grants per ${unit}, by target`,
      columns: [
        `${unit} from`.replace(/^./, (letter) => letter.toUpperCase()),
        'All#',
        ...series.map((one) => `${one}#`),
      ],
      rows: slots.map(({ from, total, counts }) => [dayText(from), total, ...counts]),
      empty: 'none',
    },
  };
}

function hours(all: Activity): Chart {
  const { hours: rows } = all;
  const flat = rows.flatMap((row, day) => row.map((count, hour) => ({ day, hour, count })));
  const [most] = flat.toSorted((one, other) => other.count - one.count);
  const sum = flat.reduce((total, { count }) => total + count, 0);
  const weekend = flat.filter(({ day }) => day > 4).reduce((total, { count }) => total + count, 0);
  return {
    kind: 'chart',
    id: 'chart-hours',
    title: 'When in the week grants were asked for (UTC)',
    description: `Most on ${weekdays[most?.day ?? 0]} from ${most?.hour ?? 0}:00: ${figure(most?.count ?? 0)}. On Saturdays and Sundays ${figure(weekend)}, ${share(weekend, sum)} of all.`,
    shape: { type: 'hours', hours: rows },
    data: {
      kind: 'table',
      caption: 'Grants by weekday and hour, UTC',
      columns: ['Hour', ...weekdays.map((day) => `${day}#`)],
      rows: Array.from({ length: 24 }, (_, hour) => [
        `${String(hour).padStart(2, '0')}:00`,
        ...rows.map((row) => row[hour] ?? 0),
      ]),
      empty: 'none',
    },
  };
}

/** The first of many, and how many are left. */
function bars(id: string, title: string, counts: readonly Count[], what: string): Chart {
  const shown = counts.slice(0, mostBars);
  const rest = counts.slice(mostBars);
  const left = rest.reduce((sum, { count }) => sum + count, 0);
  const more =
    rest.length === 0
      ? ''
      : ` The ${mostBars} with most; ${counted(rest.length, 'other')} have ${figure(left)}.`;
  const [most] = counts;
  const data: Table = {
    kind: 'table',
    caption: title,
    columns: [what.replace(/^./, (letter) => letter.toUpperCase()), 'Grants#'],
    rows: counts.map(({ name, count }) => [name, count]),
    empty: 'none',
  };
  return {
    kind: 'chart',
    id: `chart-${id}`,
    title,
    description: `${counted(counts.length, what)}; most: ${most?.name ?? 'none'} with ${figure(most?.count ?? 0)}.${more}`,
    shape: { type: 'bars', bars: shown },
    data,
  };
}
