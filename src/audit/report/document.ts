// A report as a reader meets it: sections of text, figures, tables and charts. Renderers turn it into HTML or Markdown.

import type { Instant } from '../../core/time.ts';
import type { Activity } from './report.ts';

/** What a colour would say; renderers say it in another way as well. */
export type Tone = 'good' | 'warn' | 'bad';

/** A value in a table or a list; null: there is none. */
export type Cell =
  | string
  | number
  | null
  | { readonly code: string }
  | { readonly text: string; readonly tone: Tone }
  /** One below the other. */
  | { readonly lines: readonly string[] }
  /** Links to sections. */
  | { readonly sections: readonly string[] };

export interface Table {
  readonly kind: 'table';
  readonly caption: string;
  /** A name that ends in `#` is of numbers, and shown without it. */
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly Cell[]>;
  /** What to say where there are no rows. */
  readonly empty: string;
}

/** A chart by its meaning. */
export type Shape =
  | { readonly type: 'timeline'; readonly activity: Activity }
  | { readonly type: 'hours'; readonly hours: Activity['hours'] }
  | {
      readonly type: 'bars';
      readonly bars: readonly { readonly name: string; readonly count: number; readonly tone?: Tone }[];
    };

export interface Chart {
  readonly kind: 'chart';
  readonly id: string;
  readonly title: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
  readonly shape: Shape;
  /** The same figures as a table. */
  readonly data: Table;
}

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'verdict'; readonly tone: Tone; readonly text: string }
  | {
      readonly kind: 'figures';
      readonly figures: readonly {
        readonly name: string;
        readonly value: string;
        readonly note: string;
        readonly tone?: Tone;
      }[];
    }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: Cell])[] }
  | { readonly kind: 'commands'; readonly lines: readonly string[] }
  | { readonly kind: 'preformatted'; readonly label: string; readonly text: string }
  | {
      readonly kind: 'control';
      readonly title: string;
      readonly standing: Cell;
      readonly facts: readonly (readonly [name: string, value: Cell])[];
    }
  | Chart
  | Table;

export interface Section {
  /** Never changes: others link to it. */
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** What is no part of the report itself. */
export interface Printing {
  readonly printedAt: Instant;
  /** SHA-256 of the report as JSON, hex. */
  readonly digest: string;
  /** Whether tables hold everything, or what a person would read. */
  readonly isWhole: boolean;
  /** Where the log was read; null: it is the reader's own. */
  readonly file: string | null;
  /** Which shared store was read: `"jit" at db.example.com:5432`; the reader's configuration names it. */
  readonly place?: string;
  /** Heads kept elsewhere that the log was found to lead to. */
  readonly heads: number;
  /** Others that it was compared with: a fork has put on record that they are lost. */
  readonly excused?: number;
  /** Files with heads, as they were given. */
  readonly headFiles?: readonly string[];
}

export const text = (words: string): Block => ({ kind: 'text', text: words });
export const good = (words: string): Cell => ({ text: words, tone: 'good' });
export const warn = (words: string): Cell => ({ text: words, tone: 'warn' });
export const bad = (words: string): Cell => ({ text: words, tone: 'bad' });
/** Zero is as it should be. */
export const none = (count: number, words: string, tone: Tone = 'bad'): Cell => ({
  text: words,
  tone: count === 0 ? 'good' : tone,
});

/**
 * Characters that would steer a viewer or hide something are written out: controls, direction marks, what has no width or
 * no ink, and marks piled upon marks. What makes an emoji of a sign before it stays.
 */
export function visible(words: string): string {
  return words.replace(unseen, (found) =>
    found === '\n' ? ' ⏎ ' : `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

const unseen =
  /(?!(?<=\p{Extended_Pictographic})\ufe0f)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}|(?<=\p{M}{4})\p{M}/gu;
