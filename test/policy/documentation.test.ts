// docs/configuration.md against the code: its examples are taken, and it names every key.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kinds } from '../../src/broker/providers.ts';
import { runCases } from '../../src/policy/cases.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import { generateCasesSchema, generateConfigSchema } from '../../src/policy/json-schema.ts';
import { loadConfig } from '../../src/policy/load.ts';

const page = readFileSync(path.join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
const blocks = (kind: string) =>
  [...page.matchAll(/```(.+)\n([\s\S]*?)```/g)].flatMap(([, name, text]) =>
    name === kind ? [text ?? ''] : [],
  );
const [example = ''] = blocks('yaml');
const fragment = blocks('yaml fragment').join('');
const [cedar = ''] = blocks('cedar');
const [cases = ''] = blocks('yaml cases');

function loadExample() {
  return loadConfig({ path: 'jit.yaml', text: example + fragment, kinds, readFile: () => cedar });
}

test('the whole file of the page is valid and nothing in it is odd', async () => {
  const policy = await createPolicy(loadExample());
  expect(policy.warnings).toEqual([]);
  expect(policy.config.cedarFiles).toHaveLength(1);
});

test('the cases of the page pass', async () => {
  const rows = runCases(
    await createPolicy(loadExample()),
    { path: 'cases.yaml', text: cases },
    Date.UTC(2026, 0, 6, 10),
  );
  expect(rows).toHaveLength(3);
  expect(rows.filter(({ passed }) => !passed)).toEqual([]);
});

test('the page names every key of the config and of the cases', () => {
  const keys = new Set<string>();
  const schemas = [generateConfigSchema(kinds), generateCasesSchema()];
  JSON.stringify(schemas, (key, value) => {
    if (key === 'properties') for (const name of Object.keys(value)) keys.add(name);
    return value;
  });
  keys.delete('$schema');
  expect(keys.size).toBeGreaterThan(30);
  expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(page))).toEqual([]);
});
