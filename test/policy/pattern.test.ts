import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesWildcard } from '../../src/policy/names.ts';
import { matchesPattern, patternProblem } from '../../src/policy/pattern.ts';

test.each([
  '^.{10,}$',
  '^OPS-[0-9]+$',
  '^(INC|OPS)-\\d+: .+$',
  '[(+)]*x',
  'a\\(b+\\)*',
  '(?:ab)+c',
  '(a{2})?b',
  '^(?<kind>INC|OPS)',
])('%s is taken', (pattern) => {
  expect(patternProblem(pattern)).toBeNull();
});

test.each([
  '',
  '(',
  '^(a+)+$',
  '(a*)*',
  '(a|a)*b',
  '((a+)b)*',
  '(a+){2,}',
  '(\\w+\\s?)*$',
  '(a)\\1',
  '(?<x>a)\\k<x>',
  'x'.repeat(301),
  '((a|b))+',
])('%j is refused', (pattern) => {
  expect(patternProblem(pattern)).toMatch(/^expected /);
});

test('what is longer than a thousand characters matches nothing', () => {
  expect(matchesPattern('^a+$', 'a'.repeat(1000))).toBe(true);
  expect(matchesPattern('^a+$', 'a'.repeat(1001))).toBe(false);
});

test('a match that would take for ever is given up as no match', () => {
  expect(matchesPattern('^(a+)+$', `${'a'.repeat(999)}b`)).toBe(false);
});

test('a star stands for any run of characters, as in a regular expression', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 }).map((all) => all.join(''));
  const name = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 }).map((all) => all.join(''));
  fc.assert(
    fc.property(text, name, (pattern, one) => {
      expect(matchesWildcard(pattern, one)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(one));
    }),
  );
});
