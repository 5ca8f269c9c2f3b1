import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

test('an entry that can never be written keeps its state, loses its events, and blocks nothing after it', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  const lease = world.store.leases()[0];
  if (!lease) throw new Error('no lease');
  world.broker.ledger.writeRevocation({
    leases: [{ ...lease, attempts: 7 }],
    events: [{ type: 'lease.step', at: 0, grant: grant.id, data: { step: 'x'.repeat(100_000), facts: {} } }],
  });
  expect(world.broker.ledger.unwritten).toBeGreaterThan(0);
  expect(world.broker.ledger.flush()).toBe(true);
  expect(world.store.leases()[0]?.attempts).toBe(7);
  expect(world.types().slice(-1)).toEqual(['revoke.unaudited']);
  await elevate(world.broker, ada, request());
});
