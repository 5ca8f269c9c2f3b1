import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kinds } from '../../src/broker/providers.ts';
import { generateConfigSchema, renderSchemas } from '../../src/policy/json-schema.ts';
import { boxKind } from './fixture.ts';

const folder = path.join(import.meta.dirname, '../../schema');

test.each(Object.entries(renderSchemas(kinds)))('schema/%s is what the source says', (name, text) => {
  expect(readFileSync(path.join(folder, name), 'utf8')).toBe(text);
});

test('the schema holds the keys of every kind of provider, and refuses unknown keys at every level', () => {
  const schema = generateConfigSchema([boxKind]);
  const text = JSON.stringify(schema);
  expect(text).toContain('"const":"box"');
  expect(text).toContain('"nickname"');
  let objects = 0;
  JSON.stringify(schema, (_key, value) => {
    if (value?.type !== 'object') return value;
    objects += 1;
    expect(value.additionalProperties).toBeDefined();
    return value;
  });
  expect(objects).toBeGreaterThan(6);
});

test('a reference to a secret is a pattern in the schema, so that editors mark a literal', () => {
  const text = JSON.stringify(generateConfigSchema([boxKind]));
  const [, pattern = ''] = /"password":\{"type":"string","pattern":("(?:[^"\\]|\\.)*")/.exec(text) ?? [];
  const expression = new RegExp(JSON.parse(pattern));
  expect(expression.test('keychain:jit/prod-db')).toBe(true);
  expect(expression.test('hunter2-hunter2')).toBe(false);
});
