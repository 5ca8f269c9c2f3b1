// A chart as HTML with inline SVG. Colours are classes: the style knows light, dark and paper.

import type { Chart } from '../document.ts';
import { escaped } from '../markup.ts';
import { barsOf } from './bars.ts';
import type { Drawing } from './drawing.ts';
import { hoursOf } from './hours.ts';
import { timelineOf } from './timeline.ts';

/** With a title and a description for those who do not see it. */
export function chartOf({ id, title, description, shape }: Chart): string {
  if (shape.type === 'bars') return barsOf(shape.bars, `${title}. ${description}`);
  const { height, body, legend }: Drawing =
    shape.type === 'timeline' ? timelineOf(shape.activity) : hoursOf(shape.hours);
  return `<svg class="chart" role="img" aria-labelledby="${id}-title ${id}-text" viewBox="0 0 820 ${height}">
<title id="${id}-title">${escaped(title)}</title><desc id="${id}-text">${escaped(description)}</desc>
${body}</svg>
${legend}`;
}
