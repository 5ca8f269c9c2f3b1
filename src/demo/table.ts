// Rows of a query as a text table, in the way of psql.

/** One cell: null is nothing, a point in time is told in UTC. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace('T', ' ').slice(0, 19);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * A table with a head, a rule and a count.
 * @param rows one array of values per row, in the order of `names`
 */
export function formatRows(names: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const texts = rows.map((row) => names.map((_, column) => cell(row[column])));
  const widths = names.map((name, column) =>
    Math.max(name.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[], filler = ' ', bar = ' | ') =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0, filler))
      .join(bar)
      .trimEnd();
  const rule = line(
    names.map(() => ''),
    '-',
    '-+-',
  );
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`;
  return [line(names), rule, ...texts.map((row) => line(row)), count].join('\n');
}
