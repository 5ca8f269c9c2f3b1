import { expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/event.ts';
import { dataSchemas, envelopeAgrees, eventFlaw, schemasAgree } from '../../src/audit/schema.ts';
import { samples } from './samples.ts';

const [sample] = samples;
const change = (event: AuditEvent | undefined, changes: object) => ({ ...event, ...changes }) as AuditEvent;

test('every type of the closed list has a schema, and its sample is valid', () => {
  expect(samples.map(({ type }) => type)).toEqual(Object.keys(dataSchemas));
  for (const event of samples) expect([event.type, eventFlaw(event)]).toEqual([event.type, null]);
  expect([...Object.values(schemasAgree), envelopeAgrees]).not.toContain(false);
});

test('a type outside the closed list is refused, also one that every object inherits', () => {
  for (const type of ['lease.imagined', 'toString', '__proto__', '']) {
    expect(eventFlaw(change(sample, { type }))).toBe('type is not in the closed list');
  }
});

test('a field too many and a field too few are refused in every event', () => {
  for (const event of samples) {
    const [first] = Object.keys(event.data);
    expect(eventFlaw(change(event, { data: { ...event.data, extra: 1 } }))).toContain('data.extra');
    const { [first as never]: _, ...rest } = event.data as object;
    expect(eventFlaw(change(event, { data: rest }))).toContain(`data.${first}`);
  }
});

test('texts beyond their bound and numbers that are no whole counts are refused', () => {
  const long = 'x'.repeat(20_000);
  expect(eventFlaw(change(sample, { data: { version: long } }))).toContain('data.version');
  expect(eventFlaw(change(sample, { principal: long }))).toContain('name');
  expect(eventFlaw(change(sample, { grant: '' }))).toContain('name');
  const stop = { type: 'broker.stop', at: 0 };
  for (const open_leases of [-1, 1.5, Number.NaN, 2 ** 53]) {
    expect(eventFlaw(change(sample, { ...stop, data: { cause: 'idle', open_leases } }))).toContain(
      'open_leases',
    );
  }
});

test('the words about a refused value never hold the value', () => {
  const secret = 'hunter2-hunter2';
  for (const event of samples) {
    for (const key of Object.keys(event.data)) {
      const flaw = eventFlaw(change(event, { data: { ...event.data, [key]: [secret, Symbol.iterator] } }));
      expect(flaw ?? '').not.toContain(secret);
    }
  }
});
