// From stored bytes to the body of an event. Owns: that there is one spelling of a body, and no second. The quick way
// accepts only what the careful way accepts; the careful way decides about the rest and finds the words.

import { isUtf8 } from 'node:buffer';
import type { Json } from '../core/json.ts';
import { accepts } from './accepts.ts';
import { canonicalText } from './canonical.ts';
import type { EventBody } from './event.ts';
import { bodyFlaw, dataSchemas, envelopeSchema } from './schema.ts';

/** The body behind `bytes` (or ASCII text), or what is wrong with them, in words without their content. */
export function readBody(bytes: Uint8Array | string): EventBody | string {
  if (typeof bytes !== 'string' && !isUtf8(bytes)) return notJson;
  const text = typeof bytes === 'string' ? bytes : textOf(bytes);
  let body: Json;
  try {
    body = JSON.parse(text) as Json;
  } catch {
    return notJson;
  }
  if (!isSurelyCanonical(text, body) && !isCanonical(text, body)) return 'body is not in canonical form';
  if (isSurelyEvent(body)) return body as unknown as EventBody;
  return bodyFlaw(body) ?? (body as unknown as EventBody);
}

/**
 * The body behind `bytes` when any version of jit may have written it: canonical JSON, whatever it says; null otherwise. For
 * showing what others sent, which may be nested deeper than it can be printed.
 */
export function anyBody(bytes: Uint8Array): Readonly<Record<string, Json>> | null {
  try {
    const text = textOf(bytes);
    const body = JSON.parse(text) as Json;
    if (typeof body !== 'object' || body === null || !isCanonical(text, body)) return null;
    return Array.isArray(body) ? null : (body as Readonly<Record<string, Json>>);
  } catch {
    return null;
  }
}

const notJson = 'body is not JSON in UTF-8';

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Same text after a round trip: no duplicate names, no second spelling of the same event. */
function isCanonical(text: string, body: Json): boolean {
  try {
    return canonicalText(body) === text;
  } catch {
    return false;
  }
}

/** Levels that are looked at; a body with more goes the careful way. */
const depth = 32;

/**
 * True only for the canonical text of `value`, which is what `text` parses to. JSON.stringify writes strings and numbers
 * as RFC 8785 wants them, and names in the order in which they came: what is left to see is that this order is theirs.
 */
export function isSurelyCanonical(text: string, value: Json): boolean {
  // Lone surrogates come out escaped, and are none of RFC 8785.
  return isOrdered(value, depth) && JSON.stringify(value) === text && !text.includes('\\ud');
}

function isOrdered(value: Json, levels: number): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isOrdered(item, levels - 1)) return false;
    return true;
  }
  let before: string | null = null;
  for (const name in value) {
    if (before !== null && name <= before) return false;
    before = name;
    const item = (value as Readonly<Record<string, Json>>)[name] as Json;
    // Most are texts, which are in order.
    if (typeof item !== 'string' && !isOrdered(item, levels - 1)) return false;
  }
  return true;
}

const isEnvelope = accepts(envelopeSchema);
const isDataOf = new Map<string, (value: unknown) => boolean>(
  Object.entries(dataSchemas).map(([type, schema]) => [type, accepts(schema)]),
);

/** True only for what {@link bodyFlaw} finds nothing wrong with. */
export function isSurelyEvent(body: unknown): boolean {
  if (!isEnvelope(body)) return false;
  const { type, data } = body as EventBody;
  return isDataOf.get(type)?.(data) ?? false;
}
