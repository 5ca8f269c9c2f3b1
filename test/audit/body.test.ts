// The quick way of reading a body accepts nothing that the careful way refuses, and all that a log holds.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accepts } from '../../src/audit/accepts.ts';
import { anyBody, isSurelyCanonical, isSurelyEvent, readBody } from '../../src/audit/body.ts';
import { canonicalText } from '../../src/audit/canonical.ts';
import { bodyFlaw, dataSchemas } from '../../src/audit/schema.ts';
import type { Json } from '../../src/core/json.ts';
import { chainOf } from './log.ts';
import { samples } from './samples.ts';

const bodies = chainOf(samples).map(({ body }) => body as unknown as { readonly [name: string]: Json });

function careful(text: string, value: Json): boolean {
  try {
    return canonicalText(value) === text;
  } catch {
    return false;
  }
}

test('every type of event goes the quick way', () => {
  for (const body of bodies) {
    const text = canonicalText(body);
    expect([body['type'], isSurelyCanonical(text, JSON.parse(text) as Json), isSurelyEvent(body)]).toEqual([
      body['type'],
      true,
      true,
    ]);
    expect(readBody(text)).toEqual(readBody(Buffer.from(text)));
    expect(readBody(text)).toEqual(body);
  }
});

test('of any JSON text the quick way takes only what is canonical, and nearly all of it', () => {
  let quick = 0;
  let canonical = 0;
  const values = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' });
  const spelling = fc.constantFrom(
    (value: unknown) => JSON.stringify(value),
    (value: unknown) => JSON.stringify(value, null, 1),
    (value: unknown) => JSON.stringify(sorted(value)),
    (value: unknown) => JSON.stringify(sorted(value)).replace('1', '1.0'),
    (value: unknown) => JSON.stringify(sorted(value)).replace('a', '\\u0061'),
    (value: unknown) => JSON.stringify(sorted(value)).replace(/\{"([^"]*)":/, '{"$1":1,"$1":'),
  );
  fc.assert(
    fc.property(values, spelling, (value, spell) => {
      const text = spell(value);
      let parsed: Json;
      try {
        parsed = JSON.parse(text) as Json;
      } catch {
        return;
      }
      const isQuick = isSurelyCanonical(text, parsed);
      const isCareful = careful(text, parsed);
      quick += Number(isQuick);
      canonical += Number(isCareful);
      if (isQuick) expect(isCareful).toBe(true);
    }),
    { numRuns: 3_000 },
  );
  expect(quick / canonical).toBeGreaterThan(0.8);
});

test('numbers beyond 2^53, deep nesting, lone surrogates and names like numbers are left to the careful way', () => {
  for (const text of [
    '9007199254740992',
    '1e+300',
    '-0',
    '"\\ud800"',
    '{"9":1,"10":2}',
    '{"b":1,"a":2}',
    `${'['.repeat(33)}${']'.repeat(33)}`,
  ]) {
    expect([text, isSurelyCanonical(text, JSON.parse(text) as Json)]).toEqual([text, false]);
  }
  expect(isSurelyCanonical('{"10":2,"9":1}', JSON.parse('{"10":2,"9":1}') as Json)).toBe(false);
  expect(readBody('{"10":2,"9":1}')).toContain('body');
});

test('a body that was changed anywhere is taken the quick way only if its schema takes it', () => {
  const paths = bodies.flatMap((body, index) => placesOf(body).map((path) => ({ index, path })));
  const replacement = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(null, '', 'x'.repeat(20_000), -1, 0.5, 2 ** 53, [], {}, true, 'expired', 'age'),
  );
  const change = fc.constantFrom('replace' as const, 'remove' as const, 'add' as const);
  let kept = 0;
  fc.assert(
    fc.property(fc.constantFrom(...paths), replacement, change, ({ index, path }, value, how) => {
      const body = changed(bodies[index] as Json, path, how, value as Json);
      const isFine = bodyFlaw(body) === null;
      if (isSurelyEvent(body)) expect(isFine).toBe(true);
      kept += Number(isFine && isSurelyEvent(body));
    }),
    { numRuns: 5_000 },
  );
  expect(kept).toBeGreaterThan(0);
});

test('per type of event the predicate and the schema agree on any JSON value', () => {
  for (const [type, schema] of Object.entries(dataSchemas)) {
    const predicate = accepts(schema);
    for (const body of bodies.filter((one) => one['type'] === type))
      expect(predicate(body['data'])).toBe(true);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        if (predicate(value)) expect(bodyFlaw({ ...bodies[0], type, data: value })).toBeNull();
      }),
      { numRuns: 50 },
    );
  }
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  );
}

type Path = readonly string[];

function placesOf(value: Json, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([name, item]) => placesOf(item as Json, [...at, name])),
  ].filter(({ length }) => length > 0);
}

function changed(body: Json, path: Path, how: 'replace' | 'remove' | 'add', value: Json): Json {
  const copy = structuredClone(body) as Record<string, unknown>;
  const parent = path
    .slice(0, -1)
    .reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, copy);
  const name = path.at(-1) ?? '';
  if (how === 'replace') parent[name] = value;
  else if (how === 'add') parent[`${name}x`] = value;
  else if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
  return copy as unknown as Json;
}

test('of what others sent, only what jit could have written is taken apart', () => {
  const of = (text: string) => anyBody(Buffer.from(text));
  expect(of('{"type":"of.a.later.version"}')).toEqual({ type: 'of.a.later.version' });
  const deep = `{"a":${'['.repeat(6_000)}${']'.repeat(6_000)}}`;
  for (const text of ['{"b":1,"a":2}', '{"a": 1}', '[1]', 'null', '{', deep])
    expect([text, of(text)]).toEqual([text, null]);
});
