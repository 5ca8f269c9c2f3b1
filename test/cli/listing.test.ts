import { describe, expect, it } from 'vitest';
import { listing, pairs } from '../../src/cli/listing.ts';
import { mannersOf } from '../../src/cli/manners.ts';
import { createOutput } from '../../src/cli/output.ts';

const isTTY = { stdin: false, stdout: false, stderr: false };
const outOf = (argv: readonly string[]) =>
  createOutput(
    { env: {}, isTTY, stdout: () => {}, stderr: () => {} },
    null,
    mannersOf({ LANG: 'C.UTF-8' }, argv),
  );
const entries = [{ cells: ['g1', '-', 'x'], notes: ['  overdue'] }, { cells: ['g22', 'all', ''] }];

describe('listing', () => {
  it('has columns under a heading, notes below their entry', () => {
    expect(listing(outOf([]), ['GRANT', 'SCOPE', 'REASON'], entries)).toEqual([
      'GRANT  SCOPE  REASON',
      'g1     -      x',
      '  overdue',
      'g22    all',
    ]);
  });

  it('is a label and a value a line in plain mode, without what is not there', () => {
    expect(listing(outOf(['--plain']), ['GRANT', 'SCOPE', 'REASON'], entries)).toEqual([
      'grant: g1',
      'reason: x',
      'overdue',
      '',
      'grant: g22',
      'scope: all',
    ]);
  });

  it('pairs terms with what is said of them', () => {
    const rows = [
      ['a', 'one'],
      ['bb', 'two'],
    ];
    expect(pairs(outOf([]), rows)).toEqual(['a   one', 'bb  two']);
    expect(pairs(outOf(['--plain']), rows)).toEqual(['a: one', 'bb: two']);
  });
});
