// Bars from left to right, with their figures.

import type { Chart } from '../document.ts';
import { escaped } from '../markup.ts';
import { figure } from '../words.ts';
import { at, type Drawing, rect, width } from './drawing.ts';

const [right, row] = [80, 24];
/** Characters of a name that there is room for, and how wide one is at most. */
const [longest, letter] = [34, 7.4];

export function barsOf(bars: Extract<Chart['shape'], { type: 'bars' }>['bars']): Drawing {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const left = 20 + letter * Math.min(longest, Math.max(...bars.map(({ name }) => name.length)));
  const rows = bars.map(({ name, count, tone }, index) => {
    const y = index * row;
    const length = (count / most) * (width - left - right);
    const shown = name.length > longest ? `${name.slice(0, longest - 1)}…` : name;
    // Something is never drawn as nothing.
    const drawn = count === 0 ? 0 : Math.max(2, length);
    return `<g><title>${escaped(`${name}: ${figure(count)}`)}</title><text x="${at(left - 10)}" y="${y + 16}" class="axis end">${escaped(shown)}</text>${rect(left, y + 4, drawn, row - 8, tone ? `bar ${tone}` : 'bar', ' rx="2"')}<text x="${at(left + drawn + 8)}" y="${y + 16}" class="axis">${figure(count)}</text></g>\n`;
  });
  return { height: bars.length * row + 4, body: rows.join(''), legend: '' };
}
