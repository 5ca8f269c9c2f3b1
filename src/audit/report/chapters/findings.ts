// What was found on targets that should not be there.

import { type Printing, type Section, text } from '../document.ts';
import type { Report } from '../report.ts';
import { counted, figure, timeText } from '../words.ts';

const most = 100;

export function findings({ findings: all, timeliness }: Report, { isWhole }: Printing): Section {
  const shown = isWhole ? all : all.slice(-most).reverse();
  const more =
    shown.length < all.length ? `: the ${figure(shown.length)} newest of ${figure(all.length)}` : '';
  return {
    id: 'findings',
    title: 'Overdue, and found on targets',
    blocks: [
      text(
        `${counted(timeliness.overdue, 'credential')} had been called overdue: past the end of the grant, and the broker had tried. ${figure(timeliness.open.length)} of all were still there when the period ended (see Timeliness).`,
      ),
      {
        kind: 'table',
        caption: `Findings${more}`,
        columns: ['Time (UTC)', 'Event', 'Target', 'Kind', 'Where', 'What', 'Done about it', 'Grant'],
        rows: shown.map(({ at, event, target, kind, where, detail, action, grant }) => [
          timeText(at),
          { code: event },
          target,
          kind,
          where,
          detail,
          action,
          grant === null ? null : { code: grant },
        ]),
        empty: 'Nothing was found.',
      },
    ],
  };
}
