import { expect, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import type { AuditEvent } from '../../src/audit/event.ts';
import { type LogRow, verifyLog } from '../../src/audit/verify.ts';
import { chainOf } from './log.ts';
import { samples } from './samples.ts';

const good: readonly LogRow[] = chainOf(samples);

/** The log with the text of one body changed and hashed anew, as somebody careful would. */
function edited(seq: number, edit: (text: string) => string | Buffer): LogRow[] {
  return good.map((row) => {
    if (row.seq !== seq) return row;
    const bytes = Buffer.from(edit(Buffer.from(row.bytes).toString('utf8')));
    return { seq, bytes, leaf: leafHash(bytes) };
  });
}

test('a good log is valid and told from first to last', () => {
  expect(verifyLog(good)).toEqual({
    valid: true,
    events: samples.length,
    head: good.at(-1)?.leaf,
    firstAt: '2026-11-22T10:00:00.000Z',
    lastAt: new Date(samples.at(-1)?.at ?? 0).toISOString(),
    clockSteps: 0,
    problem: null,
  });
});

test('a gap, a repetition and a swap are named at the first number that is wrong', () => {
  const without = good.filter(({ seq }) => seq !== 3);
  expect(verifyLog(without).problem).toEqual({ seq: 3, what: 'sequence has 4 where 3 should be' });
  const renumbered = without.map((row, seq) => ({ ...row, seq }));
  expect(verifyLog(renumbered).problem).toEqual({ seq: 3, what: 'body says sequence 4' });
  const twice = [...good.slice(0, 4), ...good.slice(3)].map((row, seq) => ({ ...row, seq }));
  expect(verifyLog(twice).problem?.seq).toBe(4);
  const swapped = good.map((row, seq) => ({
    ...(seq === 5 ? good[6] : seq === 6 ? good[5] : row),
    seq,
  })) as LogRow[];
  expect(verifyLog(swapped).problem?.seq).toBe(5);
});

test('a body that says the same in other bytes is refused', () => {
  const variants = [
    (text: string) => text.replace('{', '{ '),
    (text: string) => text.replace('"v":1', '"v":1.0'),
    (text: string) => text.replace('"v":1', '"v":2,"v":1'),
    (text: string) => text.replace('alice', '\\u0061lice'),
    (text: string) => `\ufeff${text}`,
    (text: string) => `${text}\n`,
    (text: string) => Buffer.concat([Buffer.from(text), Buffer.from([0xff])]),
    () => '',
    () => 'null',
  ];
  for (const variant of variants) expect(verifyLog(edited(2, variant)).problem?.seq).toBe(2);
});

test('a canonical body is still refused when its link, its origin, its type or a field is wrong', () => {
  const cases: readonly [RegExp, string, string][] = [
    [/"prev":"[0-9a-f]{64}"/, `"prev":"${'a'.repeat(64)}"`, 'previous hash does not match the event before'],
    [/"origin":"[^"]+"/, '"origin":"jit.ffffffffffffffff"', 'origin is another log'],
    [/"type":"[^"]+"/, '"type":"broker.sleep"', 'type is not in the closed list'],
    [/"type":"[^"]+"/, '"type":"log.open"', 'data.'],
    [/,"v":1/, ',"v":2', 'body.v'],
    [/"ts":"2026-11/, '"ts":"2026-1', 'body.ts'],
    [/,"v":1/, ',"v":1,"w":1', 'body.w'],
  ];
  for (const [pattern, replacement, what] of cases) {
    const report = verifyLog(edited(4, (text) => text.replace(pattern, replacement)));
    expect(report.problem?.seq).toBe(4);
    expect(report.problem?.what).toContain(what);
  }
});

test('a second beginning, or none, is refused', () => {
  const [opening, second] = samples as [AuditEvent, AuditEvent];
  expect(verifyLog(chainOf([opening, opening])).problem?.seq).toBe(1);
  expect(verifyLog(chainOf([second])).problem?.seq).toBe(0);
});

test('a clock that was set back is legal, and counted', () => {
  const [opening, second, third] = samples as [AuditEvent, AuditEvent, AuditEvent];
  const back = chainOf([opening, { ...second, at: opening.at - 3_600_000 }, third]);
  expect(verifyLog(back)).toMatchObject({ valid: true, clockSteps: 1 });
});

test('a log that has to be another one is refused at its first event', () => {
  expect(verifyLog(good, { origin: 'jit.another0another0' }).problem).toEqual({
    seq: 0,
    what: 'origin is another log',
  });
});

test('a cut tail cannot be seen from the rows alone', () => {
  expect(verifyLog(good.slice(0, 7))).toMatchObject({ valid: true, events: 7 });
});
