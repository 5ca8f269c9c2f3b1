import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/parse.ts';
import { understandQuickly } from '../../src/cli/quick.ts';
import { registry } from '../../src/cli/registry.ts';

const now = Date.UTC(2026, 10, 22, 12);

describe('understandQuickly', () => {
  it.each([[[]], [['status']], [['status', '--json']], [['--version']], [['-V']]])(
    'answers for %j what the parser answers',
    (argv) => {
      expect(understandQuickly(argv, now)).not.toBeNull();
      expect(understandQuickly(argv, now)).toEqual(parseCommandLine(registry, argv, now));
    },
  );

  it.each([
    [['targets']],
    [['--json']],
    [['status', '--help']],
    [['status', '--json', '--json']],
    [['status', 'prod-db']],
    [['status', '']],
    [['--version', '--json']],
    [['status', '--version']],
    [['--version', 'status']],
    [['-VV']],
    [['--no-input', 'status']],
    [['status', '--']],
    [['']],
  ])('leaves %j to the parser', (argv) => {
    expect(understandQuickly(argv, now)).toBeNull();
  });
});
