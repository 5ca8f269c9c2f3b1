import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { doctor } from '../../src/broker/doctor.ts';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { endGrant } from '../../src/broker/revocation.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { createMemoryKeychain } from '../support/keychain.ts';

describe('what the broker says of itself and its targets', () => {
  let world: TestBroker;
  beforeEach(() => {
    world = createTestBroker({}, { keychain: createMemoryKeychain() });
  });
  afterEach(() => world.remove());

  const ask = async (target: string | null = null) => (await doctor(world.broker, { target })).checks;
  const failed = async (target: string | null = null) =>
    (await ask(target)).filter(({ status }) => status === 'failed');
  /** Ends a grant while its target is down. */
  const leaveOverdue = async () => {
    const { grant } = await elevate(world.broker, ada, request());
    world.target.faults.unreachable = true;
    await endGrant(world.broker, grant.id, 'revoked');
    const lease = () => world.broker.ledger.leasesOf(grant.id)[0];
    const stop = startExpiry(world.broker);
    for (let second = 0; second < 60 && lease()?.state !== 'overdue'; second += 1) {
      world.clock.advance(1_000);
      await Promise.all(world.broker.revocations.values());
    }
    stop();
    expect(lease()?.state).toBe('overdue');
    return lease()?.name ?? '';
  };

  test('does not call a failure what cannot be withdrawn and has not ended yet', async () => {
    world.target.faults.cannotWithdraw = true;
    const { grant } = await elevate(world.broker, ada, request());
    await endGrant(world.broker, grant.id, 'revoked');
    expect(await failed()).toEqual([]);
    const [line] = (await ask()).filter(({ name }) => name === 'lease');
    expect(line).toMatchObject({
      status: 'warning',
      detail: expect.stringMatching(
        /cannot be withdrawn and ends by itself: who has it has access until then/,
      ),
    });
  });

  test('finds all well, and asks every target or only the one that is named', async () => {
    expect(await failed()).toEqual([]);
    const asked = async (target: string | null) =>
      (await ask(target)).filter(({ name }) => name === 'reachable').map((check) => check.target);
    expect(await asked(null)).toEqual(['fake-db', 'other-db']);
    expect(await asked('other-db')).toEqual(['other-db']);
    await expect(ask('nope')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
  });

  test('names jit init when there is no configuration', async () => {
    rmSync(world.broker.paths.configFile);
    expect(await failed()).toMatchObject([{ target: null, name: 'configuration', advice: 'jit init' }]);
  });

  test('tells every error of a broken configuration on a line of its own, and what to do', async () => {
    writeFileSync(world.broker.paths.configFile, 'version: 1\ntargts: {}\nentitlments: []\n');
    const [line, ...others] = await failed();
    expect(others).toEqual([]);
    expect(line?.detail.split('\n').length).toBeGreaterThan(1);
    expect(line?.detail).toContain('jit.yaml:2:1');
    expect(line?.advice).toContain('jit policy check');
  });

  test('says of an overdue lease what is there, why, and whether access may go on; only of the target asked for', async () => {
    const name = await leaveOverdue();
    world.target.faults.unreachable = false;
    const lines = await failed();
    expect(lines).toMatchObject([{ target: 'fake-db', name: 'overdue lease' }]);
    expect(lines[0]?.detail).toContain(name);
    expect(lines[0]?.detail).toContain('(the target cannot be reached): access may go on');
    expect(lines[0]?.detail).not.toContain('ERR_');
    expect(await failed('other-db')).toEqual([]);
  });

  test('warns of a lease whose access has ended and whose clean-up fails', async () => {
    const { grant } = await elevate(world.broker, ada, request());
    world.target.faults.refuseCleanup = true;
    await endGrant(world.broker, grant.id, 'revoked');
    const warned = (await ask()).filter(({ status }) => status === 'warning');
    expect(warned).toMatchObject([{ target: 'fake-db', name: 'lease' }]);
    expect(warned[0]?.detail).toContain('(something of it is still there): access has ended');
    expect(await failed()).toEqual([]);
  });

  test('answers for a target that left the configuration as long as something of it is overdue', async () => {
    await leaveOverdue();
    writeFileSync(world.broker.paths.configFile, 'version: 1\ntargets: {}\nentitlements: []\n');
    const lines = await ask('fake-db');
    expect(lines).toContainEqual(
      expect.objectContaining({ name: 'configuration', status: 'warning', target: null }),
    );
    expect(lines).toContainEqual(expect.objectContaining({ name: 'overdue lease', target: 'fake-db' }));
    await expect(ask('other-db')).rejects.toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
  });
});
