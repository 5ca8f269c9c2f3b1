// JSON lines, CSV and CEF: what they hold, and that no text of a person breaks out of its field.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { cef } from '../../../src/audit/export/cef.ts';
import { csv } from '../../../src/audit/export/csv.ts';
import { calmed, exportFormats } from '../../../src/audit/export/format.ts';
import { formatterOf } from '../../../src/audit/export/formatter.ts';
import { jsonl } from '../../../src/audit/export/jsonl.ts';
import { all, nasty, nastyEvents } from './events.ts';

const everything = [...all, ...nastyEvents];

describe.each(exportFormats)('%s', (format) => {
  const formatter = formatterOf(format, { version: '0.1.0', ocsf: '1.8' });

  test('is the same each time', () => {
    for (const event of everything) expect(formatter.line(event)).toBe(formatter.line(event));
  });

  test('acts on no terminal, unless it has to be exact', () => {
    for (const event of everything) {
      const line = formatter.line(event).replace(/\r\n$/, '\n');
      if (format !== 'jsonl') expect(calmed(line)).toBe(line);
    }
  });
});

describe('jsonl', () => {
  test('holds the stored bytes, from which the leaf follows', () => {
    for (const event of everything) {
      const line = Buffer.from(jsonl.line(event));
      const bytes = line.subarray(82, -2);
      expect(bytes.equals(Buffer.from(event.bytes))).toBe(true);
      const leaf = createHash('sha256')
        .update(Buffer.from([0]))
        .update(bytes)
        .digest('hex');
      expect(JSON.parse(line.toString())).toEqual({ leaf, body: event.body });
    }
  });
});

/** RFC 4180, strictly. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (!match) throw new Error('no CSV');
    row.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe('csv', () => {
  const rows = parseCsv(csv.header + everything.map((event) => csv.line(event)).join(''));

  test('has one row per event and the same columns in each', () => {
    expect(rows).toHaveLength(everything.length + 1);
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([16]));
    expect(rows[0]?.join()).toBe(
      'origin,seq,time,type,principal,target,role,scope,grant,lease,outcome,reason,why,code,data,leaf',
    );
  });

  test('has no cell that a spreadsheet calculates', () => {
    expect(rows.flat().filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell.trimStart()))).toEqual([]);
  });

  // Where a comma is in numbers, spreadsheets take a semicolon between cells, whatever a file has.
  test('has none either where semicolons are between cells, and the same JSON', () => {
    const text = csv.header + everything.map((event) => csv.line(event)).join('');
    expect(text.match(/[;\t]\s*[=+\-@＝＋－＠]/g)).toBeNull();
    for (const [index, { body }] of everything.entries()) {
      expect(JSON.parse(rows[index + 1]?.[14] ?? '')).toEqual(body.data);
    }
  });

  test('holds every text, with a mark before what would be a formula', () => {
    const reasons = rows.slice(1 + all.length).map((row) => row[11] ?? '');
    const marked = reasons.filter((reason) => reason.startsWith("'"));
    expect(marked.map((reason) => reason.slice(1))).toEqual(nasty.filter((text) => /^[=+\-@＝]/.test(text)));
    const plain = nasty.map((text) => calmed(text.replaceAll('\r\n', '\n')));
    const unmarked = (text: string) => text.replace(/(^|;)'/g, '$1');
    expect(reasons.map(unmarked)).toEqual(plain);
  });
});

/** Takes a line of CEF apart, strictly: seven fields of the header, then key=value. */
function parseCef(line: string): { header: string[]; values: Record<string, string> } {
  const match = /^CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)\n$/.exec(line);
  if (!match) throw new Error('no CEF');
  const header = (match[1] ?? '').slice(1).split(/(?<!\\)\|/);
  const values: Record<string, string> = {};
  for (const part of (match[2] ?? '').split(/ (?=[A-Za-z0-9]+=)/)) {
    const [key = '', ...rest] = part.split(/(?<!\\)=/);
    if (rest.length !== 1 || key in values) throw new Error(`not one value: ${part}`);
    const unescaped: Record<string, string> = { n: '\n', r: '\r' };
    values[key] = (rest[0] ?? '').replace(/\\(.)/g, (_all, one: string) => unescaped[one] ?? one);
  }
  return { header, values };
}

describe('cef', () => {
  const formatter = cef('0.1.0');

  test('has a header of seven fields and each key once', () => {
    for (const event of everything) {
      const { header, values } = parseCef(formatter.line(event));
      expect(header.slice(0, 4)).toEqual(['jit', 'jit', '0.1.0', event.body.type]);
      expect(Number(header[5])).toBeGreaterThanOrEqual(0);
      expect(Number(header[5])).toBeLessThanOrEqual(10);
      expect(values).toMatchObject({ externalId: event.body.seq, cs2Label: 'leafHash', cs2: event.leaf });
      for (const key of Object.keys(values).filter((one) => /^c[sn]\dLabel$/.test(one))) {
        expect(values).toHaveProperty(key.slice(0, 3));
      }
    }
  });

  test('keeps texts of people inside of their field, and cuts what is too long', () => {
    for (const [index, event] of nastyEvents.entries()) {
      const line = formatter.line(event);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      const wanted = calmed(nasty[index] ?? '');
      const { msg } = parseCef(line).values;
      expect(msg).toBe(wanted.length > 1023 ? `${wanted.slice(0, 1022)}…` : wanted);
    }
  });

  test('tells a credential by grant, role and seconds', () => {
    const issued = all.find(({ body }) => body.type === 'lease.intent');
    if (!issued) throw new Error('no such event');
    expect(parseCef(formatter.line(issued)).values).toMatchObject({
      suser: 'alice',
      duser: 'alice',
      cs1Label: 'grant',
      cs1: 'g1',
      cs3: 'read',
      cn1Label: 'ttl',
    });
  });
});
