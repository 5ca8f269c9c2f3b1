import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafHash, noLeaf, placeEvent } from '../../src/audit/chain.ts';
import type { AuditEvent } from '../../src/audit/event.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import { failure } from './failure.ts';
import { chainOf } from './log.ts';
import { samples } from './samples.ts';

interface Vector {
  readonly bytes: string;
  readonly leaf: string;
}

const vectors = new URL('../vectors/leaf-hashes.json', import.meta.url);

test('leaf hashes are those of RFC 6962: the empty leaf of its reference implementation', () => {
  expect(leafHash(new Uint8Array())).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
});

test('every type of event has the bytes and the leaf hash of the golden vectors', () => {
  const golden = JSON.parse(readFileSync(vectors, 'utf8')) as Vector[];
  const now = chainOf(samples).map(({ bytes, leaf }) => ({ bytes: bytes.toString('utf8'), leaf }));
  expect(now).toEqual(golden);
});

test('the golden vectors hold against SHA-256 over a zero byte and the bytes', () => {
  for (const { bytes, leaf } of JSON.parse(readFileSync(vectors, 'utf8')) as Vector[]) {
    expect(createHash('sha256').update(`\0${bytes}`).digest('hex')).toBe(leaf);
  }
});

test('an event that breaks its schema, or has no time, gets no place', () => {
  const place = { origin: 'jit.0123456789abcdef', seq: 0, prev: noLeaf, boot: 'b', monoMs: 0 };
  const [good] = samples;
  const bad = [{ type: 'log.imagined' }, { data: {} }, { at: Number.NaN }, { at: 1e17 }, { target: '' }];
  for (const changes of bad) {
    const event = { ...good, ...changes } as AuditEvent;
    expect(failure(() => placeEvent(event, place))?.code).toBe('ERR_INTERNAL');
  }
});

test('any run of events makes a log that verifies, and any one bit flipped makes one that does not', () => {
  const [opening, ...others] = samples;
  const rows = fc
    .array(fc.constantFrom(...others), { maxLength: 12 })
    .map((events) => chainOf([opening as AuditEvent, ...events]));
  fc.assert(
    fc.property(rows, fc.nat(), fc.nat({ max: 7 }), (placed, position, bit) => {
      const log = placed.map(({ seq, leaf, bytes }) => ({ seq, leaf, bytes: Buffer.from(bytes) }));
      expect(verifyLog(log)).toMatchObject({ valid: true, events: log.length, head: placed.at(-1)?.leaf });
      const seq = position % log.length;
      const victim = log[seq] as (typeof log)[number];
      const at = position % victim.bytes.length;
      victim.bytes[at] = (victim.bytes[at] ?? 0) ^ (1 << bit);
      expect(verifyLog(log)).toMatchObject({ valid: false, problem: { seq } });
      // Even when the leaf hash is made anew, the next event's link, or the form of this one, tells.
      const rehashed = log.map((row, index) => (index === seq ? { ...row, leaf: leafHash(row.bytes) } : row));
      if (seq < log.length - 1) expect(verifyLog(rehashed).valid).toBe(false);
    }),
    { numRuns: 200 },
  );
});
