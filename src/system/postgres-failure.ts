// What a PostgreSQL driver or server threw, told apart. Words for people are made by those who know what was asked.

import { JitError } from '../core/errors.ts';

/** The five characters that the server gave; null for anything else that was thrown. */
export function sqlStateOf(thrown: unknown): string | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  if (thrown instanceof JitError) return sqlStateOf(thrown.cause);
  const { code, severity } = thrown as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity !== undefined ? code : null;
}

/** Classes 08 (connection) and 53 (resources), and a server that starts or stops: worth another try. */
export function isDown(state: string): boolean {
  return /^(08|53|57P0[1235])/.test(state);
}

/** True when no trusted encrypted connection could be made. */
export function isTlsFailure(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code;
  const text = thrown instanceof Error ? thrown.message : '';
  return (
    /does not support SSL|certificate|altnames/i.test(text) ||
    (typeof code === 'string' && /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code))
  );
}

/**
 * One line of at most 200 UTF-16 units: well-formed, because the audit refuses half a character; without control and
 * formatting characters, which could steer a terminal or turn text around; without any verifier that a statement held.
 */
export function plain(text: string): string {
  return text
    .replace(/SCRAM-SHA-256\$\S*/g, '[verifier]')
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .slice(0, 200)
    .toWellFormed();
}
