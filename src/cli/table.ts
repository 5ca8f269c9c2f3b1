// Columns for people. Owns: widths. Must not: know what is in them.

import { stripVTControlCharacters } from 'node:util';

// Wide enough for what jit shows; east asian wide characters count double, marks that combine not at all.
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
const combining = /\p{M}/u;

/** Columns that `text` takes on a terminal; colours take none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) {
    width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1;
  }
  return width;
}

/** Rows with columns padded to the widest cell, two blanks between, none at the end of a line. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}
