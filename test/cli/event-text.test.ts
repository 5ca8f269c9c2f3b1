import { expect, test } from 'vitest';
import { type Event, eventRow, providersOf } from '../../src/cli/event-text.ts';

const event = (body: Record<string, unknown>): Event => ({ leaf: 'a'.repeat(64), body });

test('events that are none, as a broker of somebody else may have sent them, keep no other from being shown', () => {
  const strange = [
    { type: 'lease.intent' },
    { type: 'lease.intent', data: { provider: { toString: 1 } } },
  ].map(event);
  const sound = event({ type: 'lease.intent', lease: 'l1', data: { provider: 'aws' } });
  const providers = providersOf([...strange, sound]);
  expect(providers.get('l1')).toBe('aws');
  expect([...strange, sound].map((one) => eventRow(one, providers)[1])).toEqual(
    Array(3).fill('lease.intent'),
  );
  const lists = event({ type: 'x', ts: 7, lease: [], data: { list: [{ toString: 1 }], deadline: {} } });
  expect(eventRow(lists, providers)[1]).toBe('x');
});

test('the provider that an event names does nothing to a terminal', () => {
  const lease = 'l1';
  const intent = event({ type: 'lease.intent', lease, data: { provider: 'aws\u001b]0;owned\u0007' } });
  const issued = event({
    type: 'lease.issued',
    lease,
    ts: '2026-11-22T10:00:00.000Z',
    data: { deadline: '2026-11-22T10:30:00.000Z', hard_deadline: '2026-11-22T11:00:00.000Z' },
  });
  const row = eventRow(issued, providersOf([intent, issued])).join(' ');
  expect(row).toContain('ends at');
  expect(row).not.toContain('\u001b');
});
