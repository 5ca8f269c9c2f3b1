import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { found, rankOf } from '../../src/cli/fuzzy.ts';

const named = (...names: string[]) => names.map((name) => ({ name, frecency: 0 }));
const names = (typed: string, items: readonly { name: string; frecency: number }[]) =>
  found(typed, items).map(({ name }) => name);

describe('found', () => {
  it('keeps those that have all letters in order, whatever their case', () => {
    expect(names('PDW', named('prod-db:write', 'prod-db:read', 'staging:write'))).toEqual(['prod-db:write']);
    expect(names('zz', named('prod-db'))).toEqual([]);
  });

  it('puts letters at the beginning of words before the same letters inside of them', () => {
    expect(names('db', named('sandbox', 'prod-db'))).toEqual(['prod-db', 'sandbox']);
    expect(names('pw', named('upward:x', 'prod-db:write'))).toEqual(['prod-db:write', 'upward:x']);
  });

  it('puts letters side by side before scattered ones', () => {
    expect(names('prod', named('pxrxoxd', 'prod'))).toEqual(['prod', 'pxrxoxd']);
  });

  it('finds the best of several ways through one name', () => {
    expect(rankOf('db', 'dxb-db')).toBe(rankOf('db', 'xxx-db'));
  });

  it('orders equals by frecency, then by name', () => {
    const items = [
      { name: 'b-db', frecency: 0 },
      { name: 'a-db', frecency: 0 },
      { name: 'c-db', frecency: 2 },
    ];
    expect(names('', items)).toEqual(['c-db', 'a-db', 'b-db']);
    expect(names('db', items)).toEqual(['c-db', 'a-db', 'b-db']);
  });

  it('prefers a better match to a more frequent one', () => {
    const items = [
      { name: 'a-staging-prowd', frecency: 9 },
      { name: 'prod', frecency: 0 },
    ];
    expect(names('prod', items)).toEqual(['prod', 'a-staging-prowd']);
  });

  it('takes blanks for nothing', () => {
    expect(names('prod read', named('prod-db:read'))).toEqual(['prod-db:read']);
  });

  it('finds every name by any of its subsequences, and nothing else', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-', ':'), maxLength: 12 });
    fc.assert(
      fc.property(letters, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), (name, kept) => {
        const typed = [...name].filter((_, index) => kept[index]).join('');
        return rankOf(typed, name) !== null;
      }),
    );
    fc.assert(
      fc.property(letters, letters, (typed, name) => {
        const pattern = [...typed].join('.*');
        return (rankOf(typed, name) !== null) === new RegExp(pattern).test(name);
      }),
    );
  });

  it('takes no longer for a hostile name than a person waits', () => {
    const name = 'a'.repeat(401);
    expect(rankOf('a'.repeat(60), name)).not.toBeNull();
  });
});
