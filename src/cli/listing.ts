// Lists for people: columns under a heading, or in plain mode `label: value` lines that a screen reader reads in order.
// Must not: know what is listed.

import type { Output } from './output.ts';
import { table } from './table.ts';

/** What of the output a list depends on. */
export type ListOutput = Pick<Output, 'paint' | 'plain' | 'legible'>;

/** One entry of a list. */
export interface Entry {
  readonly cells: readonly string[];
  /** Whole lines that belong to it and stand below it. */
  readonly notes?: readonly string[];
}

/**
 * @param heads one per column
 * @param entries cells in the order of the heads; an empty cell, or one that is `-`, is left out in plain mode
 * @returns lines
 */
export function listing(out: ListOutput, heads: readonly string[], entries: readonly Entry[]): string[] {
  if (out.plain)
    return entries.flatMap((entry, index) => [...(index > 0 ? [''] : []), ...labelled(heads, entry)]);
  const [head = '', ...lines] = table([heads.map(out.paint.faint), ...entries.map(({ cells }) => cells)]);
  return [head, ...entries.flatMap(({ notes = [] }, index) => [lines[index] ?? '', ...notes])].map(
    out.legible,
  );
}

function labelled(heads: readonly string[], { cells, notes = [] }: Entry): string[] {
  const lines = cells.flatMap((cell, index) =>
    cell === '' || cell === '-' ? [] : [`${(heads[index] ?? '').toLowerCase()}: ${cell}`],
  );
  return [...lines, ...notes.map((note) => note.trimStart())];
}

/** Pairs of a term and what is said about it: two columns, or in plain mode `term: what` lines. */
export function pairs(
  out: Pick<Output, 'plain' | 'legible'>,
  rows: readonly (readonly string[])[],
): string[] {
  const lines = out.plain ? rows.map((cells) => cells.join(': ')) : table(rows);
  return lines.map(out.legible);
}
