import { describe, expect, it } from 'vitest';
import { hcl } from '../../../src/providers/aws/hcl.ts';

const none = new Map<string, string>();

describe('a value as Terraform', () => {
  it('has its equal signs below each other where lines are neighbours, as terraform fmt wants it', () => {
    const value = { a: 1, 'b:c': ['x', 'y'], in: { z: true }, last: '', of: [{ q: null }] };
    const text = [
      '{',
      '  a     = 1',
      '  "b:c" = ["x", "y"]',
      '  in = {',
      '    z = true',
      '  }',
      '  last = ""',
      '  of = [',
      '    {',
      '      q = null',
      '    },',
      '  ]',
      '}',
    ];
    expect(hcl(value, none)).toBe(text.join('\n'));
  });

  it('never becomes a template and never ends its quotes', () => {
    expect(hcl('$' + '{jit.principal} %{if} $x "\\', none)).toBe(
      '"$$' + '{jit.principal} %%{if} $x \\"\\\\"',
    );
  });

  it('has a reference where a text stands for one', () => {
    expect(hcl({ AWS: 'arn' }, new Map([['arn', 'var.broker']]))).toBe('{\n  AWS = var.broker\n}');
  });
});
