// CSV by RFC 4180, with a header, for spreadsheets: nothing in it is taken for a formula.

import { calmed, type ExportEvent, type Formatter, jsonText } from './format.ts';
import { fieldsOf, meaningOf, textOf } from './meaning.ts';

// Where a comma is in numbers, spreadsheets take a semicolon for the end of a cell, quoted or not: what follows begins one.
const later = /;(?=\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g;

/** In this order, for ever; new ones come at the end. */
const columns: Readonly<Record<string, (event: ExportEvent) => string | null | undefined>> = {
  origin: ({ body }) => body.origin,
  seq: ({ body }) => body.seq,
  time: ({ body }) => body.ts,
  type: ({ body }) => body.type,
  principal: ({ body }) => body.principal,
  target: ({ body }) => body.target,
  role: ({ asked }) => asked?.role,
  scope: ({ asked }) => asked?.scope,
  grant: ({ body }) => body.grant,
  lease: ({ body }) => body.lease,
  outcome: ({ body }) => meaningOf(body).outcome,
  reason: ({ body }) => textOf(body, 'reason'),
  why: ({ body }) => textOf(body, 'why') ?? textOf(body, 'cause') ?? textOf(body, 'detail'),
  code: ({ body }) => meaningOf(body).code,
  data: ({ body }) => jsonText(fieldsOf(body)).replace(later, '\\u003b'),
  leaf: ({ leaf }) => leaf,
};

// Spreadsheets take these at the start of a cell for a formula, blanks aside (OWASP, CSV injection); some also their
// wide forms.
const formula = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/;

function cell(value: string | null | undefined): string {
  const text = calmed((value ?? '').replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
  const safe = (formula.test(text) ? `'${text}` : text).replace(later, ";'");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const row = (cells: readonly (string | null | undefined)[]): string => `${cells.map(cell).join(',')}\r\n`;

export const csv: Formatter = {
  header: row(Object.keys(columns)),
  line: (event) => row(Object.values(columns).map((value) => value(event))),
};
