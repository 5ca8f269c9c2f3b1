import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isMeant, matches, namesOf } from '../../../src/providers/github/patterns.ts';
import { isWithin } from '../../../src/providers/github/permissions.ts';

const name = fc.stringMatching(/^[ab-]{1,6}$/);
const pattern = fc.stringMatching(/^[ab?*-]{1,6}$/);
const list = fc.array(fc.oneof(name, pattern), { minLength: 1, maxLength: 4 });

/** The obvious way, which takes exponential time. */
function obviously([first = '', ...rest]: readonly string[], text: string): boolean {
  if (first === '') return text === '';
  if (first === '*')
    return obviously(rest, text) || (text !== '' && obviously([first, ...rest], text.slice(1)));
  return text !== '' && (first === '?' || first === text[0]) && obviously(rest, text.slice(1));
}

it('a pattern means what the obvious way of matching says', () => {
  fc.assert(
    fc.property(pattern, name, (wanted, text) => {
      expect(matches(wanted, text)).toBe(obviously([...wanted], text));
    }),
    { numRuns: 2_000 },
  );
});

it('whatever a scope says, nothing is meant that its role does not mean', () => {
  fc.assert(
    fc.property(list, list, fc.array(name, { maxLength: 8 }), (role, scope, repositories) => {
      const known = namesOf([role, scope]) ?? repositories.filter((one) => isMeant(one, [role, scope]));
      for (const one of known) expect(role.some((wanted) => matches(wanted, one))).toBe(true);
      for (const one of known) expect(scope.some((wanted) => matches(wanted, one))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

it('permissions that are within others within others are within those', () => {
  const level = fc.constantFrom('read', 'write', 'admin', 'other');
  const some = fc.dictionary(fc.constantFrom('contents', 'issues', '__proto__', 'constructor'), level);
  fc.assert(
    fc.property(some, some, some, (one, two, three) => {
      if (isWithin(one, two) && isWithin(two, three)) expect(isWithin(one, three)).toBe(true);
    }),
  );
});
