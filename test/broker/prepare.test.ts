// Getting ready before anything is recorded: who waits, who is told, and what is left when it fails.

import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { elevate } from '../../src/broker/elevate.ts';
import { JitError } from '../../src/core/errors.ts';
import { ada, createTestBroker, request, type TestBroker, testConfig } from '../support/broker.ts';
import { until } from '../support/until.ts';

let world: TestBroker;
beforeEach(() => {
  world = createTestBroker();
});
afterEach(() => world.remove());

const channel = 'the-channel-of-a-test';
const asked = { key: 'mfa device', text: 'MFA code of device', target: 'fake-db' };
const nothing = () => {
  expect(world.types()).not.toContain('grant.requested');
  expect(world.target.issued).toEqual([]);
  expect(world.broker.ledger.activeGrants()).toEqual([]);
};

/** As a provider that needs a code. */
function needCode(): string[] {
  const codes: string[] = [];
  world.target.faults.prepare = async () => {
    const code = await world.broker.questions.ask(asked);
    if (code === null) throw new JitError('ERR_SECRET_UNAVAILABLE', 'nobody gave a code');
    codes.push(code.reveal());
  };
  return codes;
}

async function answer(given: string | null): Promise<void> {
  const { questions } = world.broker;
  const { question } = await questions.question(ada, { channel, timeout: 20_000 });
  questions.answer(ada, { channel, question: question?.id ?? '', answer: given });
}

describe('an elevation whose provider has to get ready', () => {
  test('asks on its own terminal first and records nothing until it has the answer', async () => {
    const codes = needCode();
    const asking = elevate(world.broker, ada, request({ interactive: true, channel }));
    await until(() => expect(world.clock.pending).toBeGreaterThan(0));
    nothing();
    await answer('123456');
    expect((await asking).grant.state).toBe('active');
    expect(codes).toEqual(['123456']);
    expect(world.target.issued).toHaveLength(1);
    expect(world.clock.pending).toBe(0);
  });

  test('tells the provider who asks for what, before a name is chosen', async () => {
    const prepare = vi.fn(async () => undefined);
    world.target.faults.prepare = prepare;
    await elevate(world.broker, ada, request());
    const wanted = { principal: 'user:ada', attended: false, role: 'read', scope: null };
    expect(prepare).toHaveBeenCalledExactlyOnceWith(wanted, expect.any(AbortSignal));
  });

  test.each([
    ['declines', (): Promise<void> => answer(null), { interactive: true, channel }],
    ['has no terminal', async () => undefined, { interactive: false, channel: null }],
    ['is no person', async () => undefined, { interactive: false, channel }],
  ])('fails without a trace when whoever asks %s', async (_what, act, changes) => {
    needCode();
    const asking = elevate(world.broker, ada, request(changes));
    const failed = expect(asking).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    await act();
    await failed;
    nothing();
    expect(world.clock.pending).toBe(0);
  });

  test('fails without a trace when it takes more than two minutes', async () => {
    world.target.faults.prepare = () => new Promise(() => undefined);
    const asking = elevate(world.broker, ada, request());
    const failed = expect(asking).rejects.toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: 'try again: jit elevate fake-db:read',
    });
    await until(() => expect(world.clock.pending).toBe(1));
    world.clock.advance(120_000);
    await failed;
    nothing();
  });

  test('is given up when its caller goes away, which nobody else notices', async () => {
    const gone = new AbortController();
    needCode();
    const caller = { ...ada, signal: gone.signal };
    const left = elevate(world.broker, caller, request({ interactive: true, channel: `${channel}-2` }));
    const failed = expect(left).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    await until(() => expect(world.clock.pending).toBeGreaterThan(0));
    const stays = elevate(world.broker, ada, request({ interactive: true, channel }));
    // One for the time of each, one for the terminal that was given the question.
    await until(() => expect(world.clock.pending).toBe(3));
    gone.abort();
    await failed;
    await answer('123456');
    expect((await stays).grant.state).toBe('active');
    expect(world.target.issued).toHaveLength(1);
  });

  test('is decided again after that: the policy may have changed meanwhile', async () => {
    world.target.faults.prepare = async () => {
      const stricter = testConfig.replace('"*:read"', '"other-db:read"');
      writeFileSync(world.broker.paths.configFile, stricter);
    };
    const asking = elevate(world.broker, ada, request());
    await expect(asking).rejects.toMatchObject({ code: 'ERR_POLICY_DENIED' });
    expect(world.types().slice(-2)).toEqual(['grant.requested', 'grant.denied']);
    expect(world.target.issued).toEqual([]);
  });

  test('starts its time when somebody has typed, not before', async () => {
    world.target.faults.prepare = async () => world.clock.advance(60_000);
    const { grant } = await elevate(world.broker, ada, request({ duration: 60_000 }));
    expect(grant.deadline).toBe(world.clock.now() + 60_000);
  });

  test('gives nothing when the broker was told to stop meanwhile', async () => {
    world.target.faults.prepare = async () => {
      world.broker.stopping = true;
    };
    await expect(elevate(world.broker, ada, request())).rejects.toMatchObject({ code: 'ERR_BROKER_BUSY' });
    nothing();
  });
});

test.each([
  ['denied', { duration: 2 * 3600_000 }],
  ['in need of approval', { role: 'admin' }],
  ['inside a grant that has ended', { parent: 'gone' }],
  ['for an export that the target has not', { export: 'env' as const }],
])('nobody is asked for what is %s', async (_what, changes) => {
  const prepare = vi.fn(async () => undefined);
  world.target.faults.prepare = prepare;
  await expect(elevate(world.broker, ada, request(changes))).rejects.toBeInstanceOf(JitError);
  expect(prepare).not.toHaveBeenCalled();
});

test('what fails for many at once is in the log once', async () => {
  const shared = new JitError('ERR_SECRET_UNAVAILABLE', 'log in again');
  world.target.faults.prepare = () => Promise.reject(shared);
  const warn = vi.spyOn(world.broker.log, 'warn');
  const all = Array.from({ length: 100 }, () =>
    elevate(world.broker, ada, request()).catch((e: unknown) => e),
  );
  expect(new Set(await Promise.all(all))).toEqual(new Set([shared]));
  expect(warn.mock.calls).toEqual([['cannot prepare fake-db:read: log in again', undefined]]);
});
