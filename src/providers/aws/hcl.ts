// Values as Terraform writes them, in the form that `terraform fmt` leaves alone.

import type { Json } from '../../core/json.ts';

/** What stands in Terraform for a text: a reference such as `var.name`, by the text that it replaces. */
export type References = ReadonlyMap<string, string>;

/**
 * A value as an expression of HCL, lists and objects over several lines where one would be hard to read.
 * @param indent blanks before the line that the value begins on
 */
export function hcl(value: Json, references: References, indent = 0): string {
  const inner = ' '.repeat(indent + 2);
  if (Array.isArray(value)) {
    const items = value.map((item) => hcl(item as Json, references, indent + 2));
    if (value.every((item) => typeof item !== 'object')) return `[${items.join(', ')}]`;
    return `[\n${items.map((item) => `${inner}${item},\n`).join('')}${' '.repeat(indent)}]`;
  }
  if (typeof value === 'object' && value !== null) {
    return `{\n${body(value as Readonly<Record<string, Json>>, references, indent + 2)}${' '.repeat(indent)}}`;
  }
  return typeof value === 'string' ? (references.get(value) ?? quoted(value)) : String(value);
}

/** Neighbours of one line each have their `=` below each other. */
function body(value: Readonly<Record<string, Json>>, references: References, indent: number): string {
  const lines = Object.entries(value).map(([key, item]) => ({
    name: /^[A-Za-z_]\w*$/.test(key) ? key : quoted(key),
    text: hcl(item, references, indent),
  }));
  const isLong = (at: number): boolean => lines[at]?.text.includes('\n') ?? true;
  return lines
    .map(({ name, text }, index) => {
      let [first, last] = [index, index];
      while (!isLong(index) && !isLong(first - 1)) first -= 1;
      while (!isLong(index) && !isLong(last + 1)) last += 1;
      const width = Math.max(...lines.slice(first, last + 1).map((line) => line.name.length));
      return `${' '.repeat(indent)}${name.padEnd(width)} = ${text}\n`;
    })
    .join('');
}

/** Terraform's own templates begin with `${` and `%{`: said twice, the sign means itself. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, '$&$&');
}
