// How lengths and points in time are written. The grammar itself is core/duration.ts and parse-instant.ts.

import type { Topic } from './topic.ts';

export const durationsTopic: Topic = {
  name: 'durations',
  summary: 'how lengths and points in time are written',
  title: 'Durations and times',
  parts: [
    {
      title: 'Lengths, as for --for and in the configuration',
      rows: [
        ['30m', 'minutes; units are s, m, h and d, also "30 min" or "2 hours"'],
        ['1h30m', 'several units, from large to small, each once'],
        ['1.5h', 'a fraction, with a point; rounded to whole seconds'],
        ['PT1H30M', 'ISO 8601, without years, months and weeks'],
      ],
    },
    'A number without a unit is refused, for it could mean two things; so are nothing, zero, negative numbers and more than 366 days. More than policy allows is denied, never shortened; only a grant inside an elevated shell may end earlier, with the one around it.',
    {
      title: 'Points in time, as for --since',
      rows: [
        ['14:00', 'today, by the clock of this machine'],
        ['2026-11-22T14:00', 'local time; with Z or +01:00 at the end, that zone'],
        ['2h', 'that long ago'],
      ],
    },
  ],
};
