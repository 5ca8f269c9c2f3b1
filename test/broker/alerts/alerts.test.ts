// An outage of a channel, in a broker whose log is real.

import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAlerts } from '../../../src/broker/alerts/alerts.ts';
import { doctor } from '../../../src/broker/doctor.ts';
import type { Alert } from '../../../src/core/alert.ts';
import { createTestBroker, type TestBroker } from '../../support/broker.ts';
import { until } from '../../support/until.ts';

const alert: Alert = {
  ...{ type: 'lease.overdue', severity: 'high', text: 'x', see: 'jit doctor', at: 0, event: 'jit.x:1' },
  ...{ rule: null, principal: null, target: null, grant: null, lease: null, late: false },
  severity: 'high',
};

let world: TestBroker;
let server: http.Server;
let status: number;
let calls: number;
beforeEach(async () => {
  world = createTestBroker();
  status = 404;
  calls = 0;
  server = http.createServer((request, response) => {
    calls += 1;
    request.resume();
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  world.remove();
});

const told = () => world.store.events({ type: 'notify.failed' }).map(({ body }) => body.data);
const line = async () =>
  (await doctor(world.broker, { target: null })).checks.find(({ name }) => name === 'alerts: webhook-1');

test('an outage is one event of the log, however many alerts it takes, and doctor says so until it is over', async () => {
  const tools = { resolveSecret: () => Promise.reject(new Error('none')), onSecret: () => undefined };
  const alerts = createAlerts(world.broker, { ...tools, env: {}, platform: 'linux' });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/planted-hook`;
  alerts.use([{ kind: 'webhook', name: 'webhook-1', url, format: 'slack' }], -1);
  expect((await line())?.status).toBe('ok');
  for (let count = 0; count < 3; count += 1) alerts.tell(alert, 0);
  await until(() => expect(calls).toBe(3));
  await until(() => expect(told()).toEqual([{ channel: 'webhook-1', code: 'ERR_TARGET_REFUSED' }]));
  expect(await line()).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('ERR_TARGET_REFUSED'),
  });
  status = 200;
  alerts.tell(alert, 0);
  await until(async () => expect((await line())?.status).toBe('ok'));
  status = 404;
  alerts.tell(alert, 0);
  await until(() => expect(told()).toHaveLength(2));
  const closing = alerts.close(1_000);
  world.clock.advance(1_000);
  await closing;
  expect(JSON.stringify([...world.store.events().map(({ body }) => body), await line()])).not.toContain(
    'planted',
  );
});
