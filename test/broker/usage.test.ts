import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { usage } from '../../src/broker/usage.ts';
import { Secret } from '../../src/core/secret.ts';
import type { UsageRequest } from '../../src/protocol/usage.ts';
import { ownSession } from '../../src/system/process-info.ts';
import { ada, createTestBroker, request, type TestBroker, testConfig } from '../support/broker.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const recording = testConfig.replace('name: read,', 'name: read, record: { argv: true },');
const said = (grant: string, changes: Partial<UsageRequest> = {}): UsageRequest => ({
  grant,
  kind: 'command',
  pid: 4711,
  argv: null,
  ended: null,
  ...changes,
});
const last = () => world.store.events().at(-1)?.body;

test('a command under a grant leaves its begin and its end, with exit code and time', async () => {
  const { grant, record } = await elevate(world.broker, ada, request());
  expect(record).toBeUndefined();
  await usage(world.broker, ada, said(grant.id));
  expect(last()).toMatchObject({
    type: 'command.started',
    grant: grant.id,
    data: { kind: 'command', pid: 4711, argv: null },
  });
  await usage(world.broker, ada, said(grant.id, { ended: { exitCode: 3, ran: 1_234 } }));
  expect(last()).toMatchObject({ type: 'command.ended', data: { pid: 4711, exit_code: 3, ran_ms: 1_234 } });
});

test('words are recorded only where the entitlement says so, whatever the caller sends', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  await usage(world.broker, ada, said(grant.id, { argv: ['psql', '-c', 'select 1'] }));
  expect(last()?.data).toMatchObject({ argv: null });
});

test('recorded words are without secrets: those of the broker, and what looks like one', async () => {
  writeFileSync(world.broker.paths.configFile, recording);
  world.broker.onSecret(new Secret('the-grant-own-secret'));
  const { grant, record } = await elevate(world.broker, ada, request());
  expect(record).toEqual({ argv: true });
  const argv = ['deploy', '--db-password', 'hunter2', 'postgres://a:b@h/d', 'x=the-grant-own-secret'];
  await usage(world.broker, ada, said(grant.id, { argv }));
  const text = JSON.stringify(last());
  for (const secret of ['hunter2', ':b@', 'the-grant-own-secret']) expect(text).not.toContain(secret);
  expect(last()?.data).toMatchObject({
    argv: ['deploy', '--db-password', '[secret]', 'postgres://a:[secret]@h/d', 'x=[secret]'],
  });
});

test('the end of a command is taken after the end of its grant', async () => {
  const { grant } = await elevate(world.broker, ada, request());
  await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
  await usage(world.broker, ada, said(grant.id, { ended: { exitCode: 0, ran: 5 } }));
  expect(last()?.type).toBe('command.ended');
});

test('a process outside of the session tells nothing about a grant', async () => {
  const { grant } = await elevate(world.broker, ada, request({ session: ownSession() }));
  const outsider = { ...ada, pid: 1 };
  await expect(usage(world.broker, outsider, said(grant.id))).rejects.toMatchObject({
    code: 'ERR_POLICY_DENIED',
  });
  await expect(usage(world.broker, ada, said('gnone'))).rejects.toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
});
