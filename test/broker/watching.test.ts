import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SendTools } from '../../src/broker/alerts/send.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { status } from '../../src/broker/status.ts';
import { startWatching, type Watching, watchSettings } from '../../src/broker/watching.ts';
import { type AnomalySettings, usualAnomalySettings } from '../../src/core/anomaly.ts';
import { JitError } from '../../src/core/errors.ts';
import { ada, createTestBroker, request, type TestBroker, testConfig } from '../support/broker.ts';
import { until } from '../support/until.ts';

const tools: SendTools = {
  resolveSecret: () => Promise.reject(new Error('no secrets here')),
  onSecret: () => undefined,
  env: {},
  platform: 'linux',
};
const silent = Object.fromEntries(
  Object.entries(usualAnomalySettings).map(([name, settings]) => [name, { ...settings, mode: 'off' }]),
) as unknown as AnomalySettings;
/** Only bursts: two grants of one role within a day. */
const bursts = (mode: 'observe' | 'notify' | 'revoke'): AnomalySettings => ({
  ...silent,
  'activation-burst': { mode, count: 2, within: 24 * 3600_000 },
});

const plainConfig = `
version: 1
targets:
  c: { provider: command, issue: [/bin/true], revoke: [/bin/true], roles: { r: {} } }
entitlements: []
`;

const start = {
  type: 'broker.start',
  data: { version: 'test', pid: 1, hardening: {}, recovered: 0 },
} as const;

let world: TestBroker;
let watchings: Watching[];
beforeEach(() => {
  world = createTestBroker();
  watchings = [];
});
afterEach(async () => {
  for (const watching of watchings) {
    const closing = watching.close(1_000);
    world.clock.advance(5_000);
    await closing;
  }
  world.remove();
});

function watch(settings: AnomalySettings, over = world): Watching {
  const watching = startWatching(over.broker, tools);
  watchings.push(watching);
  watching.configure({ anomalies: settings, alerts: [] });
  return watching;
}
const anomalies = (over = world) => over.store.events({ type: 'anomaly.found' }).map(({ body }) => body);
const grantTwice = async (over = world) => {
  const first = await elevate(over.broker, ada, request());
  const second = await elevate(over.broker, ada, request());
  return [first.grant.id, second.grant.id] as const;
};

test('what a rule finds is an event of the log, once, with the grant that shows it', async () => {
  const watching = watch(bursts('observe'));
  const [, second] = await grantTwice();
  await watching.caughtUp();
  world.clock.advance(60_000);
  await watching.caughtUp();
  expect(anomalies()).toMatchObject([
    { principal: 'user:ada', grant: second, data: { rule: 'activation-burst', action: 'observe' } },
  ]);
  expect(world.broker.ledger.grant(second)?.state).toBe('active');
});

test('a rule of mode "revoke" ends the grant that shows it, and no other, with the cause "anomaly"', async () => {
  const watching = watch(bursts('revoke'));
  const [first, second] = await grantTwice();
  await watching.caughtUp();
  await until(() => expect(world.broker.ledger.openLeasesOf(second)).toEqual([]));
  expect(world.broker.ledger.grant(second)).toMatchObject({ state: 'ended', endCause: 'anomaly' });
  expect(world.broker.ledger.grant(first)?.state).toBe('active');
  await watching.caughtUp();
  const types = world.types();
  expect(types.indexOf('anomaly.found')).toBeLessThan(types.indexOf('grant.ended'));
  expect(anomalies()).toHaveLength(1);
});

test('nothing is written while somebody else’s transaction is under way: the finding comes after all of it', async () => {
  const watching = watch(bursts('observe'));
  await elevate(world.broker, ada, request());
  const before = world.types().length;
  await elevate(world.broker, ada, request());
  expect(world.types().slice(before)).not.toContain('anomaly.found');
  await watching.caughtUp();
  expect(world.types().at(-1)).toBe('anomaly.found');
});

test('a broker that is started anew learns from the log and does not tell the same twice', async () => {
  const first = watch(bursts('observe'));
  await grantTwice();
  await first.caughtUp();
  const closing = first.close(1_000);
  world.clock.advance(5_000);
  await closing;
  watchings = [];
  const again = world.restart();
  world = again;
  const watching = watch(bursts('observe'));
  await watching.caughtUp();
  expect(anomalies()).toHaveLength(1);
  // The burst was told, and begins anew.
  await grantTwice();
  await watching.caughtUp();
  expect(anomalies()).toHaveLength(2);
});

test('what a broker found and could not write down any more is told by the next one', async () => {
  world.broker.ledger.write({ events: [{ ...start, at: world.clock.now() }] });
  world.clock.advance(10);
  await grantTwice();
  world.clock.advance(3600_000);
  world = world.restart();
  world.broker.ledger.write({ events: [{ ...start, at: world.clock.now() }] });
  const watching = watch(bursts('observe'));
  await watching.caughtUp();
  expect(anomalies()).toHaveLength(1);
});

test('what was found under other settings, by a broker that ended as it should, is not told, nor acted upon, by the next', async () => {
  world.broker.ledger.write({ events: [{ ...start, at: world.clock.now() }] });
  world.clock.advance(10);
  const [, second] = await grantTwice();
  const stop = { type: 'broker.stop', data: { cause: 'idle', open_leases: 0 } } as const;
  world.broker.ledger.write({ events: [{ ...stop, at: world.clock.now() }] });
  world.clock.advance(1_000);
  world = world.restart();
  world.broker.ledger.write({ events: [{ ...start, at: world.clock.now() }] });
  await watch(bursts('revoke')).caughtUp();
  expect(anomalies()).toEqual([]);
  expect(world.broker.ledger.grant(second)?.state).toBe('active');
});

test('a broker that was killed between the record and the end of the grant: the next one ends it, and tells nothing twice', async () => {
  world.broker.ledger.write({ events: [{ ...start, at: world.clock.now() }] });
  world.clock.advance(10);
  const [first, second] = await grantTwice();
  const place = { at: world.clock.now(), principal: 'user:ada', target: 'fake-db', grant: second };
  const approvals = world.store.events({ type: 'grant.approved' }).map(({ body }) => body.seq);
  world.broker.ledger.write({
    events: [
      {
        ...{ ...place, type: 'anomaly.found' },
        data: {
          ...{ rule: 'activation-burst', severity: 'medium', why: 'w', action: 'revoke' },
          evidence: approvals,
        },
      },
    ],
  });
  world.clock.advance(1_000);
  world = world.restart();
  world.broker.ledger.write({ events: [{ ...start, at: world.clock.now() }] });
  await watch(bursts('revoke')).caughtUp();
  expect(world.broker.ledger.grant(second)).toMatchObject({ state: 'ended', endCause: 'anomaly' });
  expect(world.broker.ledger.grant(first)?.state).toBe('active');
  expect(anomalies()).toHaveLength(1);
});

test('a request that was denied leaves nothing to end: nobody is told that a grant was', async () => {
  const watching = watch({
    ...silent,
    'denial-shopping': { mode: 'revoke', count: 2, within: 600_000 },
  });
  for (let count = 0; count < 2; count += 1)
    await expect(elevate(world.broker, ada, request({ duration: 99 * 3600_000 }))).rejects.toMatchObject({
      code: 'ERR_POLICY_DENIED',
    });
  await watching.caughtUp();
  expect(anomalies()).toMatchObject([{ data: { rule: 'denial-shopping', action: 'notify' } }]);
});

test('a log that slept for longer than is read again is old all the same: a role that is new in it is told', async () => {
  await elevate(world.broker, ada, request());
  world.clock.advance(200 * 24 * 3600_000);
  world = world.restart();
  const day = 24 * 3600_000;
  const watching = watch({ ...silent, 'first-time': { mode: 'observe', within: 90 * day, learn: 7 * day } });
  await elevate(world.broker, ada, request());
  await watching.caughtUp();
  expect(anomalies()).toMatchObject([{ data: { rule: 'first-time' } }]);
});

test('a rule that looks back further than usual is not told that what it remembers is new', async () => {
  await elevate(world.broker, ada, request());
  world.clock.advance(200 * 24 * 3600_000);
  world = world.restart();
  const day = 24 * 3600_000;
  const watching = watch({ ...silent, 'first-time': { mode: 'observe', within: 365 * day, learn: 7 * day } });
  await elevate(world.broker, ada, request());
  await watching.caughtUp();
  expect(anomalies()).toEqual([]);
});

test('what is only observed does not push what people are told out of the list', async () => {
  const tell = (action: 'observe' | 'notify', why: string) =>
    world.broker.ledger.write({
      events: [
        {
          ...{ type: 'anomaly.found', at: world.clock.now() },
          data: { rule: 'first-time', severity: 'low', why, evidence: ['1'], action },
        },
      ],
    });
  tell('notify', 'told');
  for (let count = 0; count < 30; count += 1) tell('observe', `observed ${count}`);
  const { recentAnomalies } = await status(world.broker, ada);
  expect(recentAnomalies).toHaveLength(20);
  expect(recentAnomalies[0]).toMatchObject({ why: 'told' });
  expect(recentAnomalies.at(-1)).toMatchObject({ why: 'observed 29' });
});

test('settings that change later are for what comes: the past is not told by them', async () => {
  const watching = watch(silent);
  await grantTwice();
  await watching.caughtUp();
  watching.configure({ anomalies: bursts('observe'), alerts: [] });
  world.clock.advance(60_000);
  await watching.caughtUp();
  expect(anomalies()).toEqual([]);
});

test('time alone shows what has not happened: no event has to come', async () => {
  const watching = watch({
    ...silent,
    'overdue-revocation': { mode: 'observe', after: 60_000, critical: 300_000 },
  });
  const { grant } = await elevate(world.broker, ada, request());
  world.broker.ledger.write({
    events: [
      {
        type: 'lease.revoking',
        at: world.clock.now(),
        grant: grant.id,
        lease: grant.leases[0]?.id ?? '',
        data: { cause: 'revoked' },
      },
    ],
  });
  await watching.caughtUp();
  expect(anomalies()).toEqual([]);
  await until(async () => {
    world.clock.advance(10_000);
    await watching.caughtUp();
    expect(anomalies()).toMatchObject([{ data: { rule: 'overdue-revocation' } }]);
  });
});

test('status tells what was found in the last day, and no longer', async () => {
  const watching = watch(bursts('notify'));
  await grantTwice();
  await watching.caughtUp();
  expect((await status(world.broker, ada)).recentAnomalies).toMatchObject([
    { rule: 'activation-burst', action: 'notify', principal: 'user:ada', target: 'fake-db' },
  ]);
  world.clock.advance(25 * 3600_000);
  expect((await status(world.broker, ada)).recentAnomalies).toEqual([]);
});

test('settings are found although the log takes no new configuration, and although there is no file', async () => {
  world.broker.ledger.write = () => {
    throw new JitError('ERR_AUDIT_INVALID', 'the log was rolled back');
  };
  writeFileSync(world.broker.paths.configFile, `${plainConfig}alerts: [{ desktop: true }]\n`);
  expect((await watchSettings(world.broker)).alerts).toMatchObject([{ kind: 'desktop' }]);
  writeFileSync(world.broker.paths.configFile, 'version: 9');
  // Not "no channels": what waits for those that are in use goes on waiting.
  expect(await watchSettings(world.broker)).toEqual({ anomalies: usualAnomalySettings, alerts: null });
});

test('on a fresh install no grant comes soon after a change of the policy; a change is told once per role', async () => {
  const config = world.broker.paths.configFile;
  const change = { ...silent, 'policy-change': { mode: 'notify' as const, within: 3600_000 } };
  const watching = watch(change);
  await grantTwice();
  await elevate(world.broker, ada, request({ target: 'other-db' }));
  await watching.caughtUp();
  expect(world.types()).toContain('policy.load');
  expect(anomalies()).toEqual([]);
  writeFileSync(config, testConfig.replace('fake-db:write', 'fake-db:w*'));
  await grantTwice();
  await elevate(world.broker, ada, request({ role: 'write', reason: 'why' }));
  await elevate(world.broker, ada, request({ role: 'write', reason: 'why' }));
  await watching.caughtUp();
  expect(anomalies().map(({ data }) => data)).toMatchObject([
    { why: expect.stringContaining('fake-db:write') },
  ]);
});
