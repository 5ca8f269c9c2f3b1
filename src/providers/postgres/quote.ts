// Names and texts as parts of SQL, for statements that take no parameters (CREATE ROLE, GRANT, COMMENT).

import { JitError } from '../../core/errors.ts';

/** A name in double quotes. @throws JitError `ERR_INTERNAL` for what PostgreSQL could not hold as a name. */
export function quoteIdent(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name, 'utf8') > 63) {
    throw new JitError('ERR_INTERNAL', 'a name does not fit PostgreSQL');
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in single quotes; right for any setting of standard_conforming_strings. NUL is dropped. */
export function quoteLiteral(text: string): string {
  const quoted = text.replaceAll('\0', '').replaceAll("'", "''");
  return quoted.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}
