// The formatter of each format, by name.

import { cef } from './cef.ts';
import { csv } from './csv.ts';
import type { ExportFormat, Formatter } from './format.ts';
import { jsonl } from './jsonl.ts';
import { ocsf } from './ocsf.ts';
import type { OcsfVersion } from './ocsf-classes.ts';

/** What a format may have to know. */
export interface FormatOptions {
  /** Of jit. */
  readonly version: string;
  readonly ocsf: OcsfVersion;
}

/** The formatter of `format`. */
export function formatterOf(format: ExportFormat, options: FormatOptions): Formatter {
  switch (format) {
    case 'jsonl':
      return jsonl;
    case 'csv':
      return csv;
    case 'cef':
      return cef(options.version);
    case 'ocsf':
      return ocsf(options.version, options.ocsf);
  }
}
