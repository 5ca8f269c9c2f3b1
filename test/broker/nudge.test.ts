import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { startExpiry } from '../../src/broker/expiry.ts';
import { extend } from '../../src/broker/extend.ts';
import { startNudging } from '../../src/broker/nudge.ts';
import { revoke } from '../../src/broker/revoke.ts';
import type { Session } from '../../src/core/grant.ts';
import { ada, createTestBroker, request, type TestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

/** Who was woken, when, in seconds since the start, and what the file said at that moment. */
interface Woken {
  readonly pid: number;
  readonly at: number;
  readonly file: string;
}

let world: TestBroker;
let woken: Woken[];
let began: number;
let stops: (() => void)[];

function nudging({ broker, clock }: TestBroker): () => void {
  return startNudging(broker, ({ pid }: Session) => {
    const file = readFileSync(broker.paths.promptState, 'utf8');
    woken.push({ pid, at: (clock.now() - began) / 1000, file });
  });
}

beforeEach(() => {
  world = createTestBroker();
  woken = [];
  began = world.clock.now();
  stops = [startExpiry(world.broker), nudging(world)];
});
afterEach(() => {
  for (const stop of stops) stop();
  world.remove();
});

/** Lets the looks be taken that changes have asked for. */
const settle = (): void => world.clock.advance(20);
const times = (): number[] => woken.splice(0).map(({ at }) => Math.round(at));
const minutes = (count: number): number => count * 60_000;
const elevated = async (changes: Parameters<typeof request>[0] = {}) => {
  const { grant } = await elevate(world.broker, ada, request({ duration: minutes(30), ...changes }));
  settle();
  return grant;
};

test('the session is woken when its line appears, changes and goes, each time after the file says so', async () => {
  const grant = await elevated();
  expect(woken).toMatchObject([{ pid: process.pid, file: expect.stringContaining(` ${grant.id} `) }]);
  const first = woken.pop()?.file;
  await extend(world.broker, ada, { grant: grant.id, duration: minutes(50), reason: null });
  settle();
  expect(woken).toHaveLength(1);
  expect(woken.pop()?.file).not.toBe(first);
  await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
  settle();
  expect(woken.map(({ file }) => file)).toEqual(['jit1 3\n']);
});

describe('warnings', () => {
  test('wake the session at each instant, once', async () => {
    await elevated();
    times();
    world.clock.advance(minutes(24));
    expect(times()).toEqual([]);
    world.clock.advance(minutes(5.9));
    expect(times()).toEqual([25 * 60, 29 * 60]);
  });

  test('of a short grant come earlier by the same factor', async () => {
    await elevated({ duration: minutes(5) });
    times();
    world.clock.advance(minutes(4.9));
    expect(times()).toEqual([150, 270]);
  });

  test('that came due while the machine slept are told at the first look after it, in one', async () => {
    await elevated();
    times();
    world.clock.sleepMachine(minutes(29.5));
    world.clock.advance(1_000);
    expect(times()).toHaveLength(1);
    world.clock.advance(20_000);
    expect(times()).toEqual([]);
  });

  test('come again for the new end of a grant that was extended, scaled to the time since then', async () => {
    const grant = await elevated({ duration: minutes(10) });
    times();
    world.clock.advance(minutes(9.5));
    expect(times()).toEqual([5 * 60, 9 * 60]);
    await extend(world.broker, ada, { grant: grant.id, duration: minutes(4), reason: null });
    settle();
    expect(times()).toEqual([570]);
    world.clock.advance(minutes(3.9));
    expect(times()).toEqual([570 + 120, 570 + 240 - 24]);
  });

  test('are not told again when the clock is set back a little', async () => {
    await elevated();
    world.clock.advance(minutes(25.1));
    expect(times()).toContain(25 * 60);
    world.clock.step(-50_000);
    world.clock.advance(50_000);
    expect(times()).toEqual([]);
  });

  test('count from the extension that an earlier broker gave', async () => {
    const grant = await elevated({ role: 'write', reason: 'because it is', duration: minutes(6) });
    world.clock.advance(minutes(4));
    await extend(world.broker, ada, { grant: grant.id, duration: minutes(5), reason: null });
    for (const stop of stops.splice(0)) stop();
    world = world.restart();
    times();
    stops = [startExpiry(world.broker), nudging(world)];
    expect(times()).toEqual([240]);
    world.clock.advance(minutes(4.9));
    expect(times()).toEqual([240 + 150, 240 + 270]);
  });
});

test('a grant without a session wakes nobody', async () => {
  const grant = await elevated({ session: null, keep: true });
  world.clock.advance(minutes(29));
  await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
  settle();
  expect(woken).toEqual([]);
});

test('a session with several changes at once is woken once', async () => {
  await Promise.all([1, 2, 3].map(() => elevate(world.broker, ada, request({ duration: minutes(30) }))));
  settle();
  expect(times()).toEqual([0]);
});

test('a credential that stays when it should be gone wakes the session, and once more when it goes at last', async () => {
  const grant = await elevated();
  world.target.faults.unreachable = true;
  await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
  settle();
  expect(woken.pop()?.file).toBe('jit1 3\n');
  woken = [];
  // In time: the real promises of each attempt have to settle before the next one is due.
  await until(() => {
    world.clock.advance(1_000);
    expect(woken).toHaveLength(1);
  });
  expect(woken.pop()?.file).toMatch(new RegExp(`^jit1 3\n\\d+ ${grant.id} fake-db read high overdue\n$`));
  world.target.faults.unreachable = false;
  await until(() => {
    world.clock.advance(1_000);
    expect(woken).toHaveLength(1);
  });
  expect(woken.pop()?.file).toBe('jit1 3\n');
});

test('a send that fails keeps nothing from being told later', async () => {
  stops.pop()?.();
  let calls = 0;
  stops.push(
    startNudging(world.broker, () => {
      calls += 1;
      throw new Error('planted');
    }),
  );
  await elevated();
  world.clock.advance(minutes(29.9));
  expect(calls).toBe(3);
});

test('with nothing to tell, no timer runs', async () => {
  stops.shift()?.();
  settle();
  expect(world.clock.pending).toBe(0);
  const grant = await elevated();
  expect(world.clock.pending).toBeGreaterThan(0);
  await revoke(world.broker, ada, { grant: grant.id, all: false, cause: 'revoked' });
  world.clock.advance(60_000);
  expect(world.clock.pending).toBe(0);
});
