// Bars from left to right, with their figures. Rows of text, so that names wrap and stay readable on a narrow screen.

import type { Chart } from '../document.ts';
import { escaped } from '../markup.ts';
import { figure } from '../words.ts';
import { at, cut } from './drawing.ts';

/** Up to so many characters a narrow column is enough. */
const short = 14;

/** HTML: a picture to those who do not see it, told by `label`. */
export function barsOf(bars: Extract<Chart['shape'], { type: 'bars' }>['bars'], label: string): string {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const isShort = bars.every(({ name }) => name.length <= short);
  const rows = bars.map(({ name, count, tone }) => {
    // Something is never drawn as nothing.
    const length = count === 0 ? 0 : Math.max(0.4, (100 * count) / most);
    const rect = `<rect width="${at(length)}" height="1" class="${tone ? `bar ${tone}` : 'bar'}"/>`;
    return `<div class="row"><span class="name">${escaped(cut(name))}</span><svg class="length" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${rect}</svg><span class="count">${figure(count)}</span></div>\n`;
  });
  return `<div class="bars${isShort ? ' short' : ''}" role="img" aria-label="${escaped(label)}">\n${rows.join('')}</div>\n`;
}
