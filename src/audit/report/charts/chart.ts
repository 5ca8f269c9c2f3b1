// A chart as inline SVG. Colours are classes: the style knows light, dark and paper.

import type { Chart } from '../document.ts';
import { escaped } from '../markup.ts';
import { barsOf } from './bars.ts';
import type { Drawing } from './drawing.ts';
import { hoursOf } from './hours.ts';
import { timelineOf } from './timeline.ts';

/** The SVG, with a title and a description for those who do not see it. */
export function chartOf({ id, title, description, shape }: Chart): string {
  const { height, body, legend }: Drawing =
    shape.type === 'timeline'
      ? timelineOf(shape.activity)
      : shape.type === 'hours'
        ? hoursOf(shape.hours)
        : barsOf(shape.bars);
  return `<svg class="chart" role="img" aria-labelledby="${id}-title ${id}-text" viewBox="0 0 820 ${height}">
<title id="${id}-title">${escaped(title)}</title><desc id="${id}-text">${escaped(description)}</desc>
${body}</svg>
${legend}`;
}
