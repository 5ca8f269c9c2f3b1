// What charts are drawn with.

/** An SVG without its frame, 820 units wide. */
export interface Drawing {
  readonly height: number;
  readonly body: string;
  /** HTML after the chart; may be empty. */
  readonly legend: string;
}

export const width = 820;

/** Characters of a name that a chart has room for. */
const longest = 80;

/** A name, or its beginning: the table beside each chart has all of it. */
export function cut(name: string): string {
  const letters = [...name];
  return letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : name;
}

/** Two decimals are finer than any screen. */
export const at = (value: number): string => String(Math.round(value * 100) / 100);

export function rect(x: number, y: number, w: number, h: number, className: string, more = ''): string {
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(w)}" height="${at(h)}" class="${className}"${more}/>`;
}

/** A step for a scale up to `most` with about `steps` lines: 1, 2 or 5 times a power of ten, and whole. */
export function stepFor(most: number, steps: number): number {
  const rough = Math.max(1, most / steps);
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}
