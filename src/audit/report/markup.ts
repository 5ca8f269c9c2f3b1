// Text in HTML and SVG.

import { visible } from './document.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of others, for content and for attributes in double quotes. */
export function escaped(words: string): string {
  return visible(words).replace(/[&<>"']/g, (found) => entities[found] ?? '');
}
