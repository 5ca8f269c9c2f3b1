// RFC 8785 bytes of a JSON value: what is hashed and stored. Must not: alter a value to make it fit.

import canonicalize from 'canonicalize';
import { JitError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';

/** Largest body in bytes: tile formats of transparency logs count with 16 bits (C2SP tlog-tiles). */
export const maxBodyBytes = 65_535;

/** Deepest nesting; far beyond any event, well below any parser's stack. */
const maxDepth = 32;

/** Why `value` has no canonical form that reads back as itself, place first; null when it has one. */
function flaw(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : ' holds a lone surrogate';
  if (value === null || typeof value === 'boolean') return null;
  if (typeof value === 'number') return numberFlaw(value);
  if (typeof value !== 'object') return ` is ${typeof value}, which JSON does not have`;
  if (depth >= maxDepth) return ` is nested deeper than ${maxDepth} levels`;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = flaw(value[index], depth + 1);
      if (found) return `[${index}]${found}`;
    }
    return null;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // The package writes a Map as {} and a Date as its toJSON: both would be logged as something else.
  if (prototype !== Object.prototype && prototype !== null) return ' is not a plain object';
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return ' has a toJSON method';
  for (const key of Object.keys(value)) {
    if (!key.isWellFormed()) return ' has a name with a lone surrogate';
    const found = flaw((value as Record<string, unknown>)[key], depth + 1);
    if (found) return `.${key}${found}`;
  }
  return null;
}

function numberFlaw(value: number): string | null {
  if (!Number.isFinite(value)) return ' is not a finite number';
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return ' is an integer beyond 2^53';
  return null;
}

/**
 * The canonical text of `value` (RFC 8785).
 * @throws JitError `ERR_INTERNAL` for undefined, non-finite numbers, integers beyond 2^53, lone
 * surrogates, and anything that is not plain JSON. The message names the place, never the value.
 */
export function canonicalText(value: Json): string {
  const found = flaw(value, 0);
  if (found) throw new JitError('ERR_INTERNAL', `event cannot be logged: its body${found}`);
  return canonicalize(value) as string;
}

/**
 * The canonical bytes of `value`, UTF-8.
 * @throws JitError `ERR_INTERNAL` as {@link canonicalText}, and when longer than {@link maxBodyBytes}.
 */
export function canonicalBytes(value: Json): Buffer {
  const bytes = Buffer.from(canonicalText(value), 'utf8');
  if (bytes.length > maxBodyBytes) {
    throw new JitError(
      'ERR_INTERNAL',
      `event cannot be logged: it has ${bytes.length} bytes, ${maxBodyBytes} are the limit`,
    );
  }
  return bytes;
}
