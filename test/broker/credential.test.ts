// What helper programs are given: while the grant lasts, to its own session, and counted.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '../../src/broker/broker.ts';
import { credential } from '../../src/broker/credential.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { closeEndpoints } from '../../src/broker/endpoint.ts';
import { recover } from '../../src/broker/recovery.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import type { Json } from '../../src/core/json.ts';
import type { ElevateRequest } from '../../src/protocol/routes.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { askerLabel, ownSession, parentPid } from '../../src/system/process-info.ts';
import type { FakeHandle } from '../fakes/provider.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { openEndpoint } from '../support/endpoint.ts';
import { searchFolder } from '../support/needles.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
  const provider = world.target.kind.open({} as never, {} as never) as Provider<FakeHandle>;
  const { issue } = provider;
  provider.issue = async (handle, plan, signal) => {
    const issued = await issue(handle, plan, signal);
    const helpers = { aws: () => ({ Version: 1, AccessKeyId: `planted-${handle.name}` }) };
    return { ...issued, handOut: { ...issued.handOut, helpers } };
  };
});
afterEach(async () => {
  await closeEndpoints(world.broker);
  world.remove();
});

const ask = (grant: string, caller: Caller = ada) =>
  credential(world.broker, caller, { grant, kind: 'aws' }).credential;
const codeOf = (call: () => unknown): string | undefined => {
  try {
    call();
    return undefined;
  } catch (thrown) {
    return (thrown as { code?: string }).code;
  }
};
const grantOf = async (changes: Partial<ElevateRequest> = {}) =>
  (await elevate(world.broker, ada, request(changes))).grant;
const told = (type: string): Json[] =>
  world.store
    .events()
    .filter(({ body }) => body.type === type)
    .map(({ body }) => body.data);

describe('a helper program', () => {
  test('is given the credential from memory, and the log counts it', async () => {
    const { id, leases } = await grantOf();
    expect(ask(id)).toEqual({ Version: 1, AccessKeyId: `planted-${leases[0]?.name}` });
    ask(id);
    world.clock.advance(60_000 - 1);
    expect(told('lease.served')).toEqual([{ count: 2 }]);
    expect(searchFolder(path.dirname(world.broker.paths.database), ['planted-'])).toEqual([]);
  });

  test('is told in the log by the program that had it run, each once', async () => {
    const { id } = await grantOf();
    const inside: Caller = { ...ada, pid: process.pid };
    ask(id, inside);
    ask(id, inside);
    world.clock.advance(1);
    expect(told('lease.served')).toEqual([{ count: 2, by: [askerLabel(process.pid)] }]);
    expect(askerLabel(process.pid)).toMatch(/^\S+ \(\d+\)$/);
  });

  test('is served beside an endpoint, and by none where keys were exported', async () => {
    const known = await openEndpoint(world);
    expect(ask(known.grant)).toMatchObject({ Version: 1 });
    expect((await known.ask()).status).toBe(200);
    const exported = await elevate(world.broker, ada, request({ export: 'url' }));
    expect(exported.env).not.toHaveProperty('FAKE_URL');
    expect(exported.env).not.toHaveProperty('FAKE_TOKEN_FILE');
    expect(ask(exported.grant.id)).toMatchObject({ Version: 1 });
  });

  test('is told that the grant has ended, by its deadline, and by revoking it', async () => {
    const [first, second] = [await grantOf(), await grantOf({ export: 'url' })];
    world.clock.advance(60_000);
    expect(codeOf(() => ask(first.id))).toBe('ERR_GRANT_ENDED');
    const third = await grantOf();
    await endGrant(world.broker, third.id, 'revoked');
    expect(codeOf(() => ask(third.id))).toBe('ERR_GRANT_ENDED');
    await endGrant(world.broker, second.id, 'expired');
    expect(world.broker.endpoints.has(second.id)).toBe(false);
    const folder = path.join(world.broker.paths.grantsDir, second.id);
    // Its session goes on: only what says that there is nothing any more is left.
    const left = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
    expect(left).toEqual(['no password any more']);
  });

  test('of another principal, of an unknown grant, of a kind that is not held: nothing', async () => {
    const { id } = await grantOf();
    expect(codeOf(() => ask(id, { ...ada, principal: 'user:eve' }))).toBe('ERR_UNKNOWN_NAME');
    expect(codeOf(() => ask('gnone'))).toBe('ERR_UNKNOWN_NAME');
    const other = { grant: id, kind: 'constructor' as 'aws' };
    expect(codeOf(() => credential(world.broker, ada, other))).toBe('ERR_UNSUPPORTED');
  });
});

describe('another terminal of the same user', () => {
  // The parent of this process is no descendant of it: as far from the session as any other terminal.
  const outside = { ...ada, pid: parentPid(process.pid) };
  const inside = { ...ada, pid: process.pid };

  test('is refused, and the log says so', async () => {
    const { id } = await grantOf();
    expect(codeOf(() => ask(id, outside))).toBe('ERR_POLICY_DENIED');
    expect(ask(id, inside)).toMatchObject({ Version: 1 });
    world.clock.advance(60_000 - 1);
    expect(told('lease.refused')).toEqual([{ why: 'outside of the session', count: 1 }]);
  });

  test('is given that of a kept grant, which is bound to no session', async () => {
    const { id } = await grantOf({ keep: true, session: null });
    expect(ask(id, outside)).toMatchObject({ Version: 1 });
  });

  test('is refused by the start time when its pid is that of a session that has ended', async () => {
    const { id } = await grantOf({ session: { ...ownSession(), startTime: 'another' } });
    expect(codeOf(() => ask(id, inside))).toBe('ERR_POLICY_DENIED');
  });
});

describe('after the hand-out by environment', () => {
  test('a grant that goes on after a restart has nothing for helpers, and says so', async () => {
    const kept = { role: 'write', reason: 'why', duration: 600_000, keep: true, session: null } as const;
    const { id } = await grantOf({ ...kept, export: 'url' });
    world = world.restart();
    recover(world.broker);
    expect(world.broker.ledger.grant(id)?.state).toBe('active');
    expect(codeOf(() => ask(id))).toBe('ERR_UNSUPPORTED');
  });

  test('nobody takes the credential for one that nobody has', async () => {
    const { id } = await grantOf({ export: 'url' });
    expect(world.broker.endpoints.get(id)?.isUntouched).toBe(false);
    const other = await openEndpoint(world);
    expect(world.broker.endpoints.get(other.grant)?.isUntouched).toBe(true);
    ask(other.grant);
    expect(world.broker.endpoints.get(other.grant)?.isUntouched).toBe(false);
  });
});
