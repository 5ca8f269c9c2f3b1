// The published JSON Schemas, from the same valibot schemas that check the files.

import { type ConversionConfig, type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { casesSchema } from './cases-schema.ts';
import { configSchema, type KindSchema } from './schema.ts';

/** Checks written in code have no form in JSON Schema; editors then check less than `jit policy check`. */
const conversion: ConversionConfig = { typeMode: 'input', errorMode: 'ignore' };

function convert(schema: GenericSchema, title: string): JsonSchema {
  return { ...toJsonSchema(schema, conversion), title };
}

/** The JSON Schema of jit.yaml for these provider kinds. */
export function generateConfigSchema(kinds: readonly KindSchema[]): JsonSchema {
  return convert(configSchema(kinds), 'jit.yaml: who may have which access, for how long');
}

/** The JSON Schema of a file of policy tests. */
export function generateCasesSchema(): JsonSchema {
  return convert(casesSchema, 'cases for jit policy test');
}

/** All generated schemas: name of the file in schema/ -> its text. */
export function renderSchemas(kinds: readonly KindSchema[]): Record<string, string> {
  const text = (schema: JsonSchema) => `${JSON.stringify(schema, null, 2)}\n`;
  return {
    'jit.schema.json': text(generateConfigSchema(kinds)),
    'jit-policy-test.schema.json': text(generateCasesSchema()),
  };
}
