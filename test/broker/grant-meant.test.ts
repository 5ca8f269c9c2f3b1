import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { extend } from '../../src/broker/extend.ts';
import { revoke } from '../../src/broker/revoke.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const minute = 60_000;

const granted = async (minutes: number): Promise<string> =>
  (await elevate(world.broker, ada, request({ duration: minutes * minute }))).grant.id;
const revoking = (grant: string) => revoke(world.broker, ada, { grant, all: false, cause: 'revoked' });
const extending = (grant: string) =>
  extend(world.broker, ada, { grant, duration: 40 * minute, reason: null });
const activeIds = () => world.broker.ledger.activeGrants().map(({ id }) => id);

describe('a grant that is named by its target', () => {
  test.each(['fake-db', 'fake-db:read'])('is the only one on it: %s', async (name) => {
    const id = await granted(30);
    expect(await extending(name)).toMatchObject({ id, deadline: world.clock.now() + 40 * minute });
    expect((await revoking(name)).revoked).toMatchObject([{ id }]);
    await expect(revoking(name)).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_NAME',
      message: `"${name}" is no grant of yours`,
    });
  });

  test('is none of several: they are told apart, and nothing happens', async () => {
    const first = await granted(30);
    world.clock.advance(10 * minute);
    const second = await granted(30);
    const message = `"fake-db:read" fits 2 grants: ${first} (fake-db:read, 20m left), ${second} (fake-db:read, 30m left)`;
    await expect(revoking('fake-db:read')).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_NAME',
      message,
      hint: `name one by its id: jit revoke ${first}`,
    });
    await expect(extending('fake-db:read')).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_NAME',
      message,
      hint: `name one by its id: jit extend ${first} --for 40m`,
    });
    await expect(revoking('g')).rejects.toMatchObject({ message: expect.stringContaining(`${second} (`) });
    expect(activeIds().sort()).toEqual([first, second].sort());
  });

  test('is found by a whole name only, and never for somebody else', async () => {
    await granted(30);
    for (const name of ['fake', 'fake-db:', 'fake-db:rea', 'read', '']) {
      await expect(revoking(name)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) });
    }
    const other = { ...ada, principal: 'user:mallory' };
    await expect(
      revoke(world.broker, other, { grant: 'fake-db', all: false, cause: 'revoked' }),
    ).rejects.toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
    expect(activeIds()).toHaveLength(1);
  });

  test('is one of many: no more than eight are told', async () => {
    for (let count = 0; count < 10; count += 1) await granted(30);
    await expect(revoking('fake-db')).rejects.toMatchObject({
      message: expect.stringMatching(/ and 2 more$/),
    });
  });

  test('is the one that can still be extended, beside one that has ended and is not gone', async () => {
    const first = await granted(30);
    const second = await granted(30);
    world.target.faults.unreachable = true;
    expect((await revoking(first)).overdue).toMatchObject([{ id: first }]);
    world.target.faults.unreachable = false;
    expect(await extending('fake-db')).toMatchObject({ id: second });
    await expect(revoking('fake-db')).rejects.toMatchObject({
      message: expect.stringContaining(
        `${first} (fake-db:read, has ended), ${second} (fake-db:read, 40m left)`,
      ),
    });
  });

  test('has not ended while it is being issued', async () => {
    const other = await granted(30);
    const gate = Promise.withResolvers<void>();
    world.target.faults.duringIssue = () => gate.promise;
    const pending = granted(20);
    await until(() => expect(activeIds()).toHaveLength(2));
    const [id] = activeIds().filter((one) => one !== other);
    await expect(revoking('fake-db')).rejects.toMatchObject({
      message: `"fake-db" fits 2 grants: ${id} (fake-db:read, not issued yet), ${other} (fake-db:read, 30m left)`,
    });
    gate.resolve();
    expect(await pending).toBe(id);
  });
});
