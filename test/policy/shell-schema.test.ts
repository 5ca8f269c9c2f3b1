// The `shell` section of a configuration: what is written, what it becomes, and what is refused.

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/core/duration.ts';
import { usualShellTerms } from '../../src/core/shell-terms.ts';
import { shellSchema, shellTermsOf } from '../../src/policy/shell-schema.ts';

const schema = shellSchema(v.pipe(v.string(), v.transform(parseDuration)));
const terms = (written: unknown) => shellTermsOf(v.parse(schema, written));

describe('a shell section', () => {
  test('may be absent, or empty, which is the same', () => {
    expect(shellTermsOf(undefined)).toEqual(usualShellTerms);
    expect(terms({})).toEqual(usualShellTerms);
  });

  test('has its warnings longest first, each once', () => {
    expect(terms({ warn: ['1m', '10m', '60s'] }).warn).toEqual([600_000, 60_000]);
    expect(terms({ warn: [] }).warn).toEqual([]);
  });

  test('is taken as it is written otherwise', () => {
    expect(terms({ on_end: 'close', notify: ['bell'], tmux: true })).toEqual({
      onEnd: 'close',
      warn: usualShellTerms.warn,
      notify: ['bell'],
      tmux: true,
    });
  });

  test.each([{ on_end: 'kill' }, { notify: ['email'] }, { warn: '5m' }, { tmux: 'yes' }, { colour: 'red' }])(
    'is refused as %j',
    (written) => {
      expect(v.safeParse(schema, written).success).toBe(false);
    },
  );
});
