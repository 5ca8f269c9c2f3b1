import { describe, expect, it } from 'vitest';
import { paintFor } from '../../src/cli/colour.ts';
import { table, widthOf } from '../../src/cli/table.ts';

describe('table', () => {
  it('pads columns to the widest cell and leaves no blanks at the end of a line', () => {
    expect(
      table([
        ['a', 'bb', ''],
        ['ccc', 'd', 'e'],
      ]),
    ).toEqual(['a    bb', 'ccc  d   e']);
  });

  it('does not count colours', () => {
    const { alarm } = paintFor({ env: {}, isTTY: true, flag: null });
    const [first = '', second = ''] = table([
      [alarm('ab'), 'x'],
      ['cd', 'y'],
    ]);
    expect(first.endsWith('  x')).toBe(true);
    expect(second).toBe('cd  y');
  });
});

describe('widthOf', () => {
  it('counts wide characters double and combining marks not at all', () => {
    expect([widthOf('ab'), widthOf('世界'), widthOf('e\u0301')]).toEqual([2, 4, 1]);
  });
});
