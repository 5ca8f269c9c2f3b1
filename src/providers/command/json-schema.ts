// The published JSON Schema of the messages, for whoever writes programs. Used when the file is generated, never by the broker.

import { type ConversionConfig, type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import * as messages from './messages.ts';

/** Checks written in code have no form in JSON Schema; the broker checks more than this. */
const conversion: ConversionConfig = { typeMode: 'input', errorMode: 'ignore' };

/** One definition per message; an instance is any of them. */
export function commandProviderSchema(): JsonSchema {
  const { issueRequest, issueAnswer, revokeRequest, revokeAnswer } = messages;
  const { confirmRequest, confirmAnswer, listRequest, listAnswer, refusal } = messages;
  const all: Record<string, GenericSchema> = {
    issueRequest,
    issueAnswer,
    revokeRequest,
    revokeAnswer,
    confirmRequest,
    confirmAnswer,
    listRequest,
    listAnswer,
    refusal,
  };
  const entries = Object.entries(all).map(([name, schema]) => {
    const { $schema: _, ...definition } = toJsonSchema(schema, conversion);
    return [name, definition] as const;
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'what jit and the programs of a target with "provider: command" tell each other',
    anyOf: entries.map(([name]) => ({ $ref: `#/definitions/${name}` })),
    definitions: Object.fromEntries(entries),
  };
}
