import { expect, it } from 'vitest';
import { formatRows } from '../../src/demo/table.ts';

it('aligns columns, leaves nothing for null, and counts', () => {
  const rows = [
    ['lamp', 3],
    ['bookshelf', null],
  ];
  expect(formatRows(['item', 'n'], rows)).toBe(
    ['item      | n', '----------+--', 'lamp      | 3', 'bookshelf |', '(2 rows)'].join('\n'),
  );
});

it('tells points in time in UTC and counts one row as a row', () => {
  const text = formatRows(['at'], [[new Date('2026-11-22T10:20:30.400Z')]]);
  expect(text).toBe(['at', '-------------------', '2026-11-22 10:20:30', '(1 row)'].join('\n'));
});
