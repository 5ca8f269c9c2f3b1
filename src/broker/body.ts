// What a client sent, from bytes to a value that a schema has approved. Owns: size, encoding, JSON as strict
// as it can be read. Must not: repeat in an error what was sent, which could be a secret.

import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { JitError } from '../core/errors.ts';

/** Largest request in bytes. */
const largest = 256 * 1024;
/** Up to here a request that is too large is read to its end, so that its sender hears why it failed. */
const largestHeard = 4 * 1024 * 1024;

/** The body of `request`, whole; null when it has more than 256 KiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length']) > largestHeard) return null;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largestHeard) return null;
    if (size <= largest) parts.push(part);
  }
  return size > largest ? null : Buffer.concat(parts);
}

/**
 * A body as its verb understands it.
 * @throws JitError `ERR_PROTOCOL` when it is no UTF-8, no JSON, or names a field twice; `ERR_USAGE` when it
 * does not match `schema`
 */
export function parseBody(schema: v.GenericSchema, bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const value = parseJson(text);
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) throw unknownForm(placeOf(parsed.issues[0]));
  // JSON.parse keeps the last of two fields with one name; who checked the first would be deceived. A strict
  // schema keeps every field, so both sides have the same number of them.
  if (countNames(text) !== countFields(parsed.output)) {
    throw new JitError('ERR_PROTOCOL', 'the request names a field twice');
  }
  checkTexts(parsed.output);
  return parsed.output;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JitError('ERR_PROTOCOL', 'the request is no UTF-8');
  }
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JitError('ERR_PROTOCOL', 'the request is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unknownForm('request');
  return value;
}

/** Names of fields in valid JSON: outside of texts a colon follows nothing else. */
function countNames(text: string): number {
  return text.replace(/"(?:[^"\\]+|\\.)*"/g, '').split(':').length - 1;
}

function countFields(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, part) => sum + countFields(part), own);
}

/** Half of a surrogate pair cannot be written as UTF-8 again, neither to the log nor to a target. */
function checkTexts(value: unknown, where = 'request'): void {
  if (typeof value === 'string' && !value.isWellFormed()) throw unknownForm(where);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) checkTexts(part, name);
}

/** Names of the schema only: the name of an unknown field is text of the sender. */
function placeOf(issue: v.BaseIssue<unknown>): string {
  const names = (issue.path ?? []).map(({ key }) => String(key));
  if (issue.expected === 'never') names.pop();
  return names.join('.') || 'request';
}

function unknownForm(where: string): JitError {
  return new JitError('ERR_USAGE', `"${where}" is not what the broker understands`, { hint: 'jit help' });
}
