// Who is asked, when the next one is, and who never sees a question.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Caller } from '../../src/broker/broker.ts';
import { type Channel, createDesk, type Desk } from '../../src/broker/questions.ts';
import type { Secret } from '../../src/core/secret.ts';
import { systemRandom } from '../../src/system/random.ts';
import { FakeClock } from '../fakes/clock.ts';
import { ada } from '../support/broker.ts';
import { type Doorway, openDoorway } from '../support/doorway.ts';

let clock: FakeClock;
let desk: Desk;
beforeEach(() => {
  clock = new FakeClock();
  desk = createDesk(clock, systemRandom);
});

const mfa = { key: 'mfa device', text: 'MFA code of device for aws-prod', target: 'aws-prod' };
const idOf = (name: string): string => name.padEnd(16, '-');

interface Terminal {
  readonly channel: Channel;
  readonly leave: () => void;
  poll(): Promise<{ id: string; text: string } | null>;
  answer(question: string, answer: string | null): void;
}

/** A terminal whose elevation waits for `target`; null: it does not yet. */
function terminal(name: string, target: string | null = 'aws-prod', principal = ada.principal): Terminal {
  const gone = new AbortController();
  const caller: Caller = { ...ada, principal, signal: gone.signal };
  const channel = desk.open(caller, { interactive: true, channel: idOf(name) });
  if (channel === null) throw new Error('no channel');
  if (target !== null) channel.waitFor(target);
  return {
    channel,
    leave: () => gone.abort(),
    async poll() {
      const asked = { channel: idOf(name), timeout: 20_000 };
      return (await desk.question({ ...ada, principal }, asked)).question;
    },
    answer: (question, answer) =>
      desk.answer({ ...ada, principal }, { channel: idOf(name), question, answer }),
  };
}

const told = async (answer: Promise<Secret | null>): Promise<string | null> =>
  (await answer)?.reveal() ?? null;
const settled = async (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => setImmediate(() => resolve(false))),
  ]);

describe('a question', () => {
  test('reaches a terminal that waits for it already, and its answer all who asked the same', async () => {
    const one = terminal('one');
    const polled = one.poll();
    const answers = Promise.all([told(desk.ask(mfa)), told(desk.ask(mfa)), told(desk.ask(mfa))]);
    const question = await polled;
    expect(question?.text).toBe(mfa.text);
    one.answer(question?.id ?? '', '123456');
    expect(await answers).toEqual(['123456', '123456', '123456']);
  });

  test('waits for a terminal that comes for it a little later', async () => {
    const one = terminal('one');
    const answer = told(desk.ask(mfa));
    clock.advance(4_000);
    one.answer((await one.poll())?.id ?? '', '123456');
    expect(await answer).toBe('123456');
  });

  test('has no answer at once where nobody can be asked', async () => {
    expect(await desk.ask(mfa)).toBeNull();
    terminal('idle', null);
    expect(await desk.ask(mfa)).toBeNull();
  });

  test('is another one once the first is answered', async () => {
    const one = terminal('one');
    const first = desk.ask(mfa);
    const { id = '' } = (await one.poll()) ?? {};
    one.answer(id, '111111');
    await first;
    const second = told(desk.ask(mfa));
    const next = await one.poll();
    expect(next?.id).not.toBe(id);
    expect(() => one.answer(id, '111111')).toThrow(expect.objectContaining({ code: 'ERR_CONFLICT' }));
    one.answer(next?.id ?? '', '222222');
    expect(await second).toBe('222222');
  });

  test('goes to one terminal at a time, first to one that waits for the same target', async () => {
    const other = terminal('other', 'aws-test');
    const mine = terminal('mine');
    const answer = told(desk.ask(mfa));
    const elsewhere = other.poll();
    const question = await mine.poll();
    expect(await settled(elsewhere)).toBe(false);
    mine.answer(question?.id ?? '', '123456');
    expect(await answer).toBe('123456');
    clock.advance(20_000);
    expect(await elsewhere).toBeNull();
  });

  test.each<[string, (one: Terminal, question: string) => void]>([
    ['declines', (one, question) => one.answer(question, null)],
    ['goes away', (one) => one.leave()],
    ['has its answer otherwise', (one) => one.channel.close()],
    ['does not answer for a minute and a half', () => clock.advance(90_000)],
  ])('moves on when a terminal %s, and has no answer when it was the last', async (_what, end) => {
    const terminals = [terminal('one'), terminal('two')] as const;
    const answer = told(desk.ask(mfa));
    for (const one of terminals) {
      expect(await settled(answer)).toBe(false);
      end(one, (await one.poll())?.id ?? 'none');
    }
    expect(await answer).toBeNull();
  });

  test('is not held up by a terminal that never comes for it', async () => {
    terminal('deaf');
    const two = terminal('two');
    const answer = told(desk.ask(mfa));
    const polled = two.poll();
    expect(await settled(polled)).toBe(false);
    clock.advance(5_000);
    two.answer((await polled)?.id ?? '', '123456');
    expect(await answer).toBe('123456');
  });

  test('takes the late answer of a terminal that it has moved on from', async () => {
    const [one, two] = [terminal('one'), terminal('two')];
    const answer = told(desk.ask(mfa));
    const { id = '' } = (await one.poll()) ?? {};
    clock.advance(90_000);
    expect((await two.poll())?.id).toBe(id);
    one.answer(id, '123456');
    expect(await answer).toBe('123456');
  });

  test('waits while the only terminal is busy with another, and comes after that', async () => {
    const one = terminal('one');
    const first = told(desk.ask(mfa));
    const second = told(desk.ask({ ...mfa, key: 'another device', target: 'aws-test' }));
    const asked = await one.poll();
    clock.advance(60_000);
    expect(await settled(second)).toBe(false);
    one.answer(asked?.id ?? '', '111111');
    expect(await first).toBe('111111');
    one.answer((await one.poll())?.id ?? '', '222222');
    expect(await second).toBe('222222');
  });

  test('is told again to a terminal that lost it', async () => {
    const one = terminal('one');
    void desk.ask(mfa);
    expect(await one.poll()).toEqual(await one.poll());
  });
});

describe('a terminal', () => {
  test('hears of no question when none comes within its timeout, and leaves no timer', async () => {
    const polled = terminal('one').poll();
    clock.advance(20_000);
    expect(await polled).toBeNull();
    expect(clock.pending).toBe(0);
  });

  test('whose connection is gone is listened to no more', async () => {
    terminal('one');
    const gone = new AbortController();
    const request = { channel: idOf('one'), timeout: 20_000 };
    const polled = desk.question({ ...ada, signal: gone.signal }, request);
    gone.abort();
    expect(await polled).toEqual({ question: null });
    expect(clock.pending).toBe(0);
  });

  test('polls once: a second poll ends the first', async () => {
    const one = terminal('one');
    const [first, second] = [one.poll(), one.poll()];
    expect(await first).toBeNull();
    const answer = told(desk.ask(mfa));
    one.answer((await second)?.id ?? '', '123456');
    expect(await answer).toBe('123456');
  });

  test('is none without a person at it', () => {
    expect(desk.open(ada, { interactive: false, channel: idOf('one') })).toBeNull();
    expect(desk.open(ada, { interactive: true, channel: null })).toBeNull();
  });

  test('cannot take the channel of another elevation', () => {
    terminal('one');
    expect(() => terminal('one')).toThrow(expect.objectContaining({ code: 'ERR_CONFLICT' }));
  });

  test('of another principal is as unknown as one that never was', async () => {
    const one = terminal('one', 'aws-prod', 'user:mallory');
    void desk.ask(mfa);
    const { id = '' } = (await one.poll()) ?? {};
    const errors = [];
    for (const channel of [idOf('one'), idOf('never')]) {
      const poll = desk.question(ada, { channel, timeout: 1 }).catch((thrown: unknown) => thrown);
      errors.push(await poll);
      expect(() => desk.answer(ada, { channel, question: id, answer: '1' })).toThrow(
        expect.objectContaining({ code: 'ERR_UNKNOWN_NAME' }),
      );
    }
    expect(errors[0]).toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
    expect(errors[0]).toEqual(errors[1]);
  });

  test('answers only what it was asked', async () => {
    const [one, two] = [terminal('one'), terminal('two')];
    const answer = desk.ask(mfa);
    const { id = '' } = (await one.poll()) ?? {};
    expect(() => two.answer(id, '123456')).toThrow(expect.objectContaining({ code: 'ERR_CONFLICT' }));
    expect(await settled(answer)).toBe(false);
  });

  test('beyond 256 is asked nothing, and the elevation goes on', () => {
    for (let count = 0; count < 256; count += 1) terminal(`t${count}`);
    expect(desk.open(ada, { interactive: true, channel: idOf('late') })).toBeNull();
  });
});

test('a question is shown in 300 characters at most', async () => {
  const one = terminal('one');
  void desk.ask({ ...mfa, text: 'x'.repeat(1000) });
  expect((await one.poll())?.text).toHaveLength(300);
});

describe('at the door', () => {
  let world: Doorway;
  beforeEach(async () => {
    world = await openDoorway();
  });
  afterEach(() => world.close());

  const channel = idOf('never');
  const answer = { channel, question: 'q1', answer: 'planted-code' };
  test.each([
    ['a poll of no elevation', 'question', { channel, timeout: 0 }, 'ERR_UNKNOWN_NAME'],
    ['an answer of no elevation', 'answer', answer, 'ERR_UNKNOWN_NAME'],
    ['a channel that could be guessed', 'question', { channel: 'short', timeout: 0 }, 'ERR_USAGE'],
    ['a poll for more than a minute', 'question', { channel, timeout: 60_001 }, 'ERR_USAGE'],
    ['an answer that is too long', 'answer', { ...answer, answer: 'planted'.repeat(30) }, 'ERR_USAGE'],
    ['an answer that is a number', 'answer', { ...answer, answer: 123_456 }, 'ERR_USAGE'],
  ])('%s is refused, and not repeated', async (_what, verb, body, code) => {
    const reply = await world.post(verb, JSON.stringify(body));
    expect(JSON.parse(reply.body)).toMatchObject({ error: { code } });
    expect(reply.body).not.toMatch(/planted|123456/);
  });

  test('a question and its answer cross the socket', async () => {
    const mine = idOf('mine');
    const opened = world.broker.questions.open(ada, { interactive: true, channel: mine });
    opened?.waitFor('aws-prod');
    const answered = told(world.broker.questions.ask(mfa));
    const asked = JSON.parse(
      (await world.post('question', JSON.stringify({ channel: mine, timeout: 1000 }))).body,
    );
    expect(asked.question.text).toBe(mfa.text);
    const given = { channel: mine, question: asked.question.id, answer: '123456' };
    expect((await world.post('answer', JSON.stringify(given))).body).toBe('{}');
    expect(await answered).toBe('123456');
  });
});

describe('a notice', () => {
  const notice = { text: 'open the page and enter ABCD', target: 'aws-prod', principal: ada.principal };

  test('is shown once on each terminal that waits for its target, and asks for nothing', async () => {
    const [first, second] = [terminal('first'), terminal('second')];
    const [early, late] = [first.poll(), second.poll()];
    expect(desk.show(notice)).not.toBeNull();
    expect(await early).toMatchObject({ text: notice.text, notice: true });
    expect(await late).toMatchObject({ text: notice.text, notice: true });
    expect(await settled(first.poll())).toBe(false);
    const later = terminal('later');
    expect(await later.poll()).toMatchObject({ text: notice.text });
  });

  test('reaches nobody else: not another principal, not who waits for another target', async () => {
    const [other, elsewhere] = [terminal('other', 'aws-prod', 'user:bob'), terminal('elsewhere', 'aws-dev')];
    expect(desk.show(notice)).toBeNull();
    const mine = terminal('mine');
    expect(desk.show(notice)).not.toBeNull();
    expect(await mine.poll()).toMatchObject({ text: notice.text });
    expect(await settled(other.poll())).toBe(false);
    expect(await settled(elsewhere.poll())).toBe(false);
  });

  test('that was withdrawn is shown to nobody any more, and a question comes after one that was not', async () => {
    const one = terminal('one');
    desk.show(notice)?.();
    desk.show({ ...notice, text: 'another' });
    const answer = desk.ask(mfa);
    expect(await one.poll()).toMatchObject({ text: 'another' });
    const question = await one.poll();
    expect(question).toMatchObject({ text: mfa.text });
    one.answer(question?.id ?? '', '123456');
    expect(await told(answer)).toBe('123456');
  });
});
