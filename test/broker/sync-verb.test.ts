import { expect, test } from 'vitest';
import { sync } from '../../src/broker/sync-verb.ts';
import { createTestBroker, testConfig } from '../support/broker.ts';

test('of a log that was set back the broker says that nothing is sent, also before anything was tried', async () => {
  const section =
    'store: { host: "192.0.2.1", sslmode: require, database: jit, user: w, password: "env:STORE" }\n';
  const world = createTestBroker({}, { config: `${testConfig}${section}`, secrets: { 'env:STORE': 'w' } });
  try {
    const asked = { now: false, wait: 0 };
    expect((await sync(world.broker, asked)).failure).toBeNull();
    world.store.distrust('file', { origin: world.store.logOrigin, size: 99, root: '00'.repeat(32) });
    expect((await sync(world.broker, asked)).failure).toMatchObject({
      code: 'ERR_AUDIT_INVALID',
      hint: 'jit audit fork --reason "…"',
    });
  } finally {
    await world.broker.sync.close(0);
    world.remove();
  }
});
