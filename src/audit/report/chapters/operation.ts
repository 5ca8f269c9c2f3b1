// The log and the machine: failures, clock, times without the shared store.

import { none, type Printing, type Section } from '../document.ts';
import type { Report } from '../report.ts';
import { counted, figure, lengthOf, timeText } from '../words.ts';

const most = 50;

export function operation({ operation: all, verification, store }: Report, { isWhole }: Printing): Section {
  const { incidents, clock, unsynced, unsyncedMs, keys, starts, recovered, versions } = all;
  const limit = isWhole ? Number.POSITIVE_INFINITY : most;
  const of = (count: number): string =>
    count > limit ? `: the ${figure(limit)} newest of ${figure(count)}` : '';
  const newest = <Entry>(entries: readonly Entry[]): readonly Entry[] => entries.slice(-limit);
  return {
    id: 'operation',
    title: store ? 'The logs, the clocks, the brokers' : 'The log, the clock, the broker',
    blocks: [
      {
        kind: 'facts',
        facts: [
          [
            'Failures of the log, probes, lost messages',
            none(incidents.length, figure(incidents.length), 'warn'),
          ],
          ['Steps of the clock', none(clock.length, figure(clock.length), 'warn')],
          [
            `Events earlier than the one before, in ${store ? 'all that is there of each log' : 'the whole log'}`,
            figure(verification.clockSteps),
          ],
          [
            'Without the shared store',
            `${counted(unsynced.length, 'time')}, ${lengthOf(unsyncedMs)} in all${store ? ', of all devices together' : ''}`,
          ],
          [
            store ? 'Starts of brokers' : 'Starts of the broker',
            `${figure(starts)}; ${counted(recovered, 'unfinished credential')} taken over`,
          ],
          [store ? 'Changes of signing keys' : 'Changes of the signing key', figure(keys)],
          ['Versions of jit', versions.length === 0 ? 'no start in the period' : versions.join(', ')],
        ],
      },
      {
        kind: 'table',
        caption: `Failures of the log, probes, lost messages${of(incidents.length)}`,
        columns: ['Time (UTC)', 'Event', 'Type', 'What'],
        rows: newest(incidents).map(({ at, event, type, what }) => [
          timeText(at),
          { code: event },
          { code: type },
          what,
        ]),
        empty: 'None.',
      },
      {
        kind: 'table',
        caption: `Steps of the clock${of(clock.length)}`,
        columns: ['Time after (UTC)', 'Event', 'By#'],
        rows: newest(clock).map(({ at, event, byMs }) => [
          timeText(at),
          { code: event },
          `${byMs < 0 ? '−' : '+'}${lengthOf(Math.abs(byMs))}`,
        ]),
        empty: 'None.',
      },
      {
        kind: 'table',
        caption: `Times without the shared store${of(unsynced.length)}`,
        columns: ['From (UTC)', 'Until (UTC)', 'Events waiting#', ...(store ? ['Device'] : [])],
        rows: newest(unsynced).map(({ from, until, events, device }) => [
          timeText(from),
          until === null ? 'the end of the period' : timeText(until),
          events,
          ...(device === undefined ? [] : [{ code: device }]),
        ]),
        empty: 'None on record.',
      },
    ],
  };
}
