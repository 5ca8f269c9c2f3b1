import { expect, test, vi } from 'vitest';
import { type AlertQueue, createQueue } from '../../../src/broker/alerts/queue.ts';
import type { Alert } from '../../../src/core/alert.ts';
import { type ErrorCode, JitError } from '../../../src/core/errors.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { until } from '../../support/until.ts';

const alertOf = (text: string): Alert => ({
  ...{ type: 'lease.overdue', severity: 'high', see: 'jit doctor', at: 0, event: 'jit.x:1' },
  ...{ rule: null, principal: null, target: null, grant: null, lease: null, late: false },
  severity: 'high',
  text,
});

/** A queue whose channel does as it is told. */
function stage({ missed = 0 } = {}) {
  const clock = new FakeClock();
  const tries: string[] = [];
  const failures: { code: ErrorCode; isFirst: boolean }[] = [];
  const settled: AlertQueue['told'][] = [];
  let fails: ErrorCode | null = null;
  let hangs: Promise<void> | null = null;
  const queue: AlertQueue = createQueue({
    clock,
    async send({ text }) {
      tries.push(text);
      await hangs;
      if (fails) throw new JitError(fails, 'x');
    },
    failed: ({ code }, isFirst) => failures.push({ code, isFirst }),
    worked: () => undefined,
    settled: () => settled.push(queue.told),
    missed,
  });
  return {
    clock,
    tries,
    failures,
    settled,
    queue,
    fail: (code: ErrorCode | null) => {
      fails = code;
    },
    hang: (on: Promise<void> | null) => {
      hangs = on;
    },
  };
}

test('alerts go one at a time, in order', async () => {
  const { queue, tries } = stage();
  for (const text of ['a', 'b', 'c']) queue.push(alertOf(text), 0);
  await queue.idle();
  expect(tries).toEqual(['a', 'b', 'c']);
});

test('one that does not get through is tried four times with pauses, and the outage is told once', async () => {
  const { queue, tries, failures, clock, fail } = stage();
  fail('ERR_TARGET_UNREACHABLE');
  queue.push(alertOf('a'), 0);
  queue.push(alertOf('b'), 0);
  await until(() => {
    clock.advance(25_000);
    expect(failures).toHaveLength(2);
  });
  expect(tries).toEqual(['a', 'a', 'a', 'a', 'b (1 alert before it did not get through)']);
  expect(failures.map(({ isFirst }) => isFirst)).toEqual([true, false]);
  fail(null);
  queue.push(alertOf('c'), 0);
  await queue.idle();
  fail('ERR_TARGET_REFUSED');
  queue.push(alertOf('d'), 0);
  await queue.idle();
  expect(tries.slice(5)).toEqual(['c (2 alerts before it did not get through)', 'd']);
  expect(failures.at(-1)).toEqual({ code: 'ERR_TARGET_REFUSED', isFirst: true });
});

test('a channel that hangs fills no memory: the oldest go, and the next that gets through says how many', async () => {
  const { queue, tries, hang } = stage();
  const gate = Promise.withResolvers<void>();
  hang(gate.promise);
  for (let index = 0; index <= 150; index += 1) queue.push(alertOf(`n${index}`), 0);
  expect(tries).toEqual(['n0']);
  gate.resolve();
  await queue.idle();
  expect(tries).toHaveLength(101);
  expect(tries[1]).toBe('n51 (50 alerts before it did not get through)');
  expect(tries.at(-1)).toBe('n150');
});

test('what was given up or went meanwhile is counted until one gets through, however many fail before', async () => {
  const { queue, tries, hang, fail, failures } = stage();
  const gate = Promise.withResolvers<void>();
  hang(gate.promise);
  fail('ERR_TARGET_REFUSED');
  for (let index = 0; index <= 150; index += 1) queue.push(alertOf(`n${index}`), 0);
  gate.resolve();
  await queue.idle();
  expect(failures).toHaveLength(101);
  fail(null);
  queue.push(alertOf('at last'), 0);
  queue.push(alertOf('and next'), 0);
  await queue.idle();
  expect(tries.slice(-2)).toEqual(['at last (151 alerts before it did not get through)', 'and next']);
});

test('pauses between attempts leave nothing behind that listens', async () => {
  const { queue, clock, fail, failures } = stage();
  const listening = vi.spyOn(AbortSignal.prototype, 'addEventListener');
  const deaf = vi.spyOn(AbortSignal.prototype, 'removeEventListener');
  fail('ERR_TARGET_UNREACHABLE');
  queue.push(alertOf('a'), 0);
  await until(() => {
    clock.advance(25_000);
    expect(failures).toHaveLength(1);
  });
  expect(listening.mock.calls.length).toBeGreaterThan(0);
  expect(deaf).toHaveBeenCalledTimes(listening.mock.calls.length);
  vi.restoreAllMocks();
});

test('after its end nothing is sent any more', async () => {
  const { queue, tries } = stage();
  queue.stop();
  queue.push(alertOf('a'), 0);
  await queue.idle();
  expect(tries).toEqual([]);
});

test('what waits is told by its place, from the one under way on, and what went is counted with what is settled only', async () => {
  const { queue, hang, fail, settled } = stage();
  expect(queue.told).toEqual({ next: null, waiting: 0, missed: 0 });
  const gate = Promise.withResolvers<void>();
  hang(gate.promise);
  for (let row = 10; row <= 160; row += 1) queue.push(alertOf(`n${row}`), row);
  // 50 went already: they are behind the place, and who goes on from it finds them again.
  expect(queue.told).toEqual({ next: 10, waiting: 101, missed: 0 });
  fail('ERR_TARGET_REFUSED');
  gate.resolve();
  await queue.idle();
  expect(settled[0]).toEqual({ next: 61, waiting: 100, missed: 51 });
  expect(settled.at(-1)).toEqual({ next: null, waiting: 0, missed: 151 });
});

test('stopped under way, an alert is neither told nor given up', async () => {
  const { queue, hang, fail, settled, failures } = stage();
  const gate = Promise.withResolvers<void>();
  hang(gate.promise);
  fail('ERR_TARGET_UNREACHABLE');
  queue.push(alertOf('a'), 7);
  queue.stop();
  gate.resolve();
  await queue.idle();
  expect(queue.told).toMatchObject({ next: 7, missed: 0 });
  expect([settled, failures]).toEqual([[], []]);
});

test('what an earlier queue gave up is told with the first that gets through', async () => {
  const { queue, tries } = stage({ missed: 3 });
  queue.push(alertOf('a'), 7);
  await queue.idle();
  expect(tries).toEqual(['a (3 alerts before it did not get through)']);
  expect(queue.told.missed).toBe(0);
});
