// What an export format is. Formats are pure: the same event is the same text, wherever an export begins.

import type { StoredEvent } from '../event.ts';

/** The formats of `jit audit export`. */
export const exportFormats = ['jsonl', 'csv', 'cef', 'ocsf'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** An event on its way out, with what its grant was asked for: most events name the grant alone. */
export interface ExportEvent extends Pick<StoredEvent, 'seq' | 'leaf' | 'bytes' | 'body'> {
  readonly asked: Asked | null;
}

/** What a grant is for. */
export interface Asked {
  readonly role: string;
  readonly scope: string | null;
}

/** One format. */
export interface Formatter {
  /** What goes before the first event of a new file; empty: nothing. */
  readonly header: string;
  /** The text of one event, its end of line included. */
  line(event: ExportEvent): string;
}

// Line breaks aside: these could act on the terminal or the viewer of whoever reads an export, and say nothing.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is meant
const acting = /[\u0000-\u0009\u000B\u000C\u000E-\u001F\u007F-\u009F\u2028\u2029]/g;

/** `text` with a blank, or what `put` answers, for each character that acts but a line break. */
export function calmed(text: string, put: (character: string) => string = () => ' '): string {
  return text.replace(acting, put);
}

/** JSON that acts on nothing and loses nothing: JSON itself lets some characters stand that terminals act on. */
export function jsonText(value: object): string {
  return calmed(JSON.stringify(value), escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The first `most` characters of `text`; what was cut off is marked. */
export function clipped(text: string, most: number): string {
  const characters = text.length <= most ? null : [...text];
  return characters && characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
