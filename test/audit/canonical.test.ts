import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalBytes, canonicalText, maxBodyBytes } from '../../src/audit/canonical.ts';
import type { Json } from '../../src/core/json.ts';
import { failure } from './failure.ts';

const refused = (value: unknown) => failure(() => canonicalBytes(value as Json));

test('the examples of RFC 8785 come out byte for byte', () => {
  const numbers = JSON.parse(
    '{"numbers":[333333333.33333329,4.50,2e-3,0.000000000000000000000000001]}',
  ) as Json;
  expect(canonicalText(numbers)).toBe('{"numbers":[333333333.3333333,4.5,0.002,1e-27]}');
  const string = { string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\u0022/" };
  expect(canonicalText(string)).toBe('{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
  const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, ö: 7 };
  const sorted = '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}';
  expect(canonicalBytes(names).equals(Buffer.from(sorted))).toBe(true);
});

test('what JSON cannot say is refused, not dropped or rounded', () => {
  const values = [
    undefined,
    { a: undefined },
    [undefined],
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    -(2 ** 53),
    1e300,
    1n,
    () => 1,
    Symbol('s'),
    new Map([['a', 1]]),
    new Date(0),
    Buffer.from('a'),
    { toJSON: () => 'other' },
    '\ud800',
    { '\udc00': 1 },
    ['a\ud83d'],
  ];
  for (const value of values) {
    expect(refused(value)?.code).toBe('ERR_INTERNAL');
    expect(refused({ deep: [value] })?.code).toBe('ERR_INTERNAL');
  }
});

test('the words of a refusal say where, and hold no value', () => {
  const error = refused({ data: { list: [1, 'secret\ud800'] } });
  expect(error?.message).toBe('event cannot be logged: its body.data.list[1] holds a lone surrogate');
});

test('nesting without end is refused before it can exhaust the stack', () => {
  let deep: Json = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  expect(refused(deep)?.code).toBe('ERR_INTERNAL');
});

test('65535 bytes fit, one more does not, counted in UTF-8', () => {
  const frame = canonicalBytes({ a: '' }).length;
  expect(canonicalBytes({ a: 'x'.repeat(maxBodyBytes - frame) })).toHaveLength(maxBodyBytes);
  expect(refused({ a: 'x'.repeat(maxBodyBytes - frame + 1) })?.code).toBe('ERR_INTERNAL');
  expect(refused({ a: 'ü'.repeat(maxBodyBytes / 2) })?.code).toBe('ERR_INTERNAL');
});

test('any accepted value reads back as itself and is canonical at once', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      let text: string;
      try {
        text = canonicalText(value as Json);
      } catch {
        // Beyond 2^53: refused, which another test is about.
        return;
      }
      const back = JSON.parse(text) as Json;
      expect(canonicalText(back)).toBe(text);
      expect(JSON.stringify(sorted(back))).toBe(JSON.stringify(sorted(value as Json)));
    }),
    { numRuns: 500 },
  );
});

test('the order in which names were set changes nothing', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer()), (record) => {
      const reversed = Object.fromEntries(Object.entries(record).reverse());
      expect(canonicalText(reversed)).toBe(canonicalText({ ...record }));
    }),
  );
});

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item)]);
}
