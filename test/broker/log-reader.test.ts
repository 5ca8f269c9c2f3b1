import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventsAfter, lastRow, rowBefore } from '../../src/broker/log-reader.ts';
import { createTestBroker, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
let start: number;
beforeEach(() => {
  world = createTestBroker();
  start = world.clock.now();
  for (let hour = 1; hour <= 30; hour += 1) {
    world.clock.advance(3600_000);
    const event = { type: 'clock.step', at: world.clock.now(), data: { by_ms: hour } } as const;
    world.broker.ledger.write({ events: [event, event] });
  }
});
afterEach(() => world.remove());

test('the place of a time is before the first event of that time', () => {
  const last = lastRow(world.store);
  for (const hours of [-1, 0, 1, 2, 7, 29, 30, 31]) {
    const since = start + hours * 3600_000;
    const expected = world.store.events().filter(({ body }) => Date.parse(body.ts) >= since);
    const row = rowBefore(world.store, since);
    expect(row, `${hours} h`).toBe((expected[0]?.row ?? last + 1) - 1);
    expect(eventsAfter(world.store, row, 1_000)).toHaveLength(expected.length);
  }
});

test('a page is of the oldest events after a row, in order, of those that fit alone', () => {
  const page = eventsAfter(world.store, 4, 3);
  expect(page.map(({ row }) => row)).toEqual([5, 6, 7]);
  expect(eventsAfter(world.store, lastRow(world.store), 3)).toEqual([]);
  expect(eventsAfter(world.store, -1, 3, { type: 'log.open' }).map(({ row }) => row)).toEqual([0]);
});
