// A heat map: hours across, days of the week down.

import { figure } from '../words.ts';
import { type Drawing, rect, width } from './drawing.ts';

const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const [left, top, row] = [52, 4, 28];
const shades = 6;

export function hoursOf(hours: readonly (readonly number[])[]): Drawing {
  const column = (width - left - 6) / 24;
  const most = Math.max(1, ...hours.flat());
  const cells = hours.flatMap((counts, day) =>
    counts.map((count, hour) => {
      const words = `${days[day]} ${String(hour).padStart(2, '0')}:00: ${figure(count)}`;
      const box = rect(
        left + hour * column,
        top + day * row,
        column - 3,
        row - 3,
        `h${shade(count, most)}`,
        ' rx="3"',
      );
      return `<g><title>${words}</title>${box}</g>\n`;
    }),
  );
  const names = days.map(
    (day, index) => `<text x="${left - 8}" y="${top + index * row + 17}" class="axis end">${day}</text>`,
  );
  const clock = Array.from({ length: 8 }, (_, index) => {
    const hour = String(index * 3).padStart(2, '0');
    return `<text x="${left + index * 3 * column}" y="${top + 7 * row + 16}" class="axis">${hour}:00</text>`;
  });
  const keys = Array.from(
    { length: shades + 1 },
    (_, index) => `<span class="key h${index}" aria-hidden="true"></span>`,
  );
  return {
    height: top + 7 * row + 24,
    body: `${[...cells, ...names, ...clock].join('')}\n`,
    legend: `<p class="legend">none ${keys.join('')} ${figure(most)} in an hour of the week</p>\n`,
  };
}

/** By the root: that there is something in a quiet hour matters more than how much is in a busy one. */
const shade = (count: number, most: number): number => Math.ceil(shades * Math.sqrt(count / most));
