// Stacked bars over time.

import { escaped } from '../markup.ts';
import type { Activity, Slot } from '../report.ts';
import { dayText, figure } from '../words.ts';
import { at, cut, type Drawing, rect, stepFor, width } from './drawing.ts';

const [left, right, top, bottom, plot] = [54, 6, 12, 26, 220];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const mostLabels = 14;

export function timelineOf(activity: Activity): Drawing {
  const { slots, series, unit } = activity;
  const most = Math.max(1, ...slots.map(({ total }) => total));
  const step = stepFor(most, 4);
  const ceiling = Math.ceil(most / step) * step;
  const pitch = (width - left - right) / Math.max(1, slots.length);
  const yOf = (count: number): number => top + plot - (count / ceiling) * plot;
  const lines = Array.from({ length: ceiling / step + 1 }, (_, index) =>
    gridLine(index * step, yOf(index * step)),
  );
  const bars = slots.map((slot, index) => bar(slot, left + index * pitch, pitch, activity, yOf));
  let labels = 0;
  const names = slots.flatMap((slot, index) => {
    const label = labelOf(slot, slots[index - 1], unit, slots.length, index);
    if (label === '') return [];
    labels += 1;
    // Every other one makes room on a narrow screen.
    return `<text x="${at(left + index * pitch)}" y="${top + plot + 18}" class="axis${labels % 2 === 0 ? ' minor' : ''}">${label}</text>\n`;
  });
  const keys = series.map(
    (name, index) => `<li><span class="key s${index}" aria-hidden="true"></span>${escaped(cut(name))}</li>`,
  );
  return {
    height: top + plot + bottom,
    body: [...lines, ...bars, ...names].join(''),
    legend: `<ul class="legend">${keys.join('')}</ul>\n`,
  };
}

function gridLine(count: number, y: number): string {
  return `<line x1="${left}" x2="${width - right}" y1="${at(y)}" y2="${at(y)}" class="${count === 0 ? 'base' : 'grid'}"/><text x="${left - 8}" y="${at(y + 4)}" class="axis end">${figure(count)}</text>\n`;
}

function bar(
  slot: Slot,
  x: number,
  pitch: number,
  { unit, series }: Activity,
  yOf: (count: number) => number,
): string {
  if (slot.total === 0) return '';
  const gap = Math.min(4, pitch * 0.22);
  let below = 0;
  const parts = slot.counts.map((count, index) => {
    if (count === 0) return '';
    const [low, high] = [yOf(below), yOf(below + count)];
    below += count;
    return rect(x + gap / 2, high, pitch - gap, low - high, `s${index}`);
  });
  const counts = slot.counts.flatMap((count, index) =>
    count === 0 ? [] : [`${series[index]} ${figure(count)}`],
  );
  const words = `${unit} from ${dayText(slot.from)}: ${figure(slot.total)} (${counts.join(', ')})`;
  return `<g><title>${escaped(words)}</title>${parts.join('')}</g>\n`;
}

/** Names of months where they begin, or days, as many as there is room for. */
function labelOf(
  slot: Slot,
  before: Slot | undefined,
  unit: Activity['unit'],
  slots: number,
  index: number,
): string {
  const date = new Date(slot.from);
  if (unit === 'day' && slots <= 62) {
    return index % Math.ceil(slots / mostLabels) === 0
      ? `${date.getUTCDate()} ${months[date.getUTCMonth()]}`
      : '';
  }
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  const last = before && new Date(before.from);
  if (last && last.getUTCFullYear() * 12 + last.getUTCMonth() === month) return '';
  const every = Math.ceil(slots / (unit === 'month' ? mostLabels : mostLabels * 4.4));
  if (month % every !== 0 || (index === 0 && unit === 'week')) return '';
  return date.getUTCMonth() < every ? String(date.getUTCFullYear()) : (months[date.getUTCMonth()] ?? '');
}
