import { expect, test } from 'vitest';
import { verifyFile } from '../../src/store/verify-file.ts';
import { startChild } from './children/start.ts';
import { open, step, temporaryPath } from './support.ts';

test('after kill -9 no acknowledged event is lost, there is no gap, and the log verifies', async () => {
  const file = temporaryPath();
  let acknowledged = 0;
  for (const count of [1, 7, 40, 90, 150]) {
    const writer = startChild('writer', file);
    await writer.said(count);
    writer.process.kill('SIGKILL');
    await writer.ended;
    expect(writer.lines.length).toBeGreaterThanOrEqual(count);
    const numbers = writer.lines.map(Number);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    const last = numbers.at(-1) ?? 0;
    expect(last).toBeGreaterThan(acknowledged);
    acknowledged = last;
    const report = verifyFile(file);
    expect(report).toMatchObject({ valid: true, problem: null });
    expect(report.events).toBeGreaterThan(acknowledged);
  }
  const store = open(file);
  const { size } = store.head();
  expect(store.commit((tx) => tx.append(step('after'))).seq).toBe(size);
});

test('after an I/O error nothing more is issued, and what was acknowledged is there', async () => {
  const file = temporaryPath();
  // Room for the ballast, not for a whole write-ahead log: the system refuses the write with EFBIG.
  const writer = startChild('writer', file, 2_200);
  await writer.ended;
  const [failed, again] = writer.lines.splice(-2);
  const error = writer.lines.pop();
  expect(error).toMatch(/^ERR_AUDIT_UNAVAILABLE .*SQLITE_IOERR/);
  expect(failed).toBe('failed true');
  expect(again).toContain('again ERR_AUDIT_UNAVAILABLE cannot write the audit log: an earlier write failed');
  expect(writer.lines.length).toBeGreaterThan(10);
  const report = verifyFile(file);
  expect(report.valid).toBe(true);
  expect(report.events).toBeGreaterThan(Number(writer.lines.at(-1)));
});
