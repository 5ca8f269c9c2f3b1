// The last filter before bytes leave for a log: knows the secrets that are alive, and what others look like.
// A safety net under the rule that no secret gets this far; not the rule itself.

import type { Secret } from '../core/secret.ts';

/** Filters text. */
export interface Redactor {
  /** Every later appearance of this secret is cut out, also in the forms it takes in URLs, JSON and base64. */
  add(secret: Secret): void;
  redact(text: string): string;
}

const mark = '[secret]';

/** Shorter values would cut ordinary words to pieces. */
const shortest = 4;

/** Shapes of credentials whose value nobody registered. Lengths are open: vendors change them. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, mark],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/]+@/gi, `$1:${mark}@`],
  [/\bgh[opsur]_[A-Za-z0-9_.-]{10,}/g, mark],
  [/\bgithub_pat_\w{10,}/g, mark],
  [/\b(?:ASIA|AKIA)[A-Z0-9]{12,}\b/g, mark],
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g, mark],
  [/SCRAM-SHA-256\$\d+:[^\s'"]+/g, mark],
  [
    /\b(password|passwd|pwd|pgpassword|secret|token|authorization)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|(?:bearer |basic )?[^\s,;)]+)/gi,
    `$1$2${mark}`,
  ],
];

/**
 * @param capacity how many secrets are known at a time; the oldest are forgotten first
 */
export function createRedactor(capacity = 1000): Redactor {
  const forms = new Map<string, readonly string[]>();
  return {
    add(secret) {
      const value = secret.reveal();
      if (value.length < shortest) return;
      forms.delete(value);
      forms.set(value, formsOf(value));
      const oldest = forms.keys().next().value;
      if (forms.size > capacity && oldest !== undefined) forms.delete(oldest);
    },
    redact(text) {
      let clean = text;
      for (const known of forms.values()) for (const form of known) clean = clean.replaceAll(form, mark);
      for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
      return clean;
    },
  };
}

/** A value as it is, in a URL, in JSON, in SQL, in base64 and base64url. Longest first: one may hold another. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const forms = new Set([
    value,
    encodeURIComponent(value.toWellFormed()),
    encodeURI(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
    value.replaceAll("'", "''"),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]);
  return [...forms].sort((a, b) => b.length - a.length);
}
