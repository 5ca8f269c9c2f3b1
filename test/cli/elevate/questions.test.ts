// Questions of the broker while `jit elevate` waits: put at the terminal, answered once, gone when the request is over.

import { describe, expect, it } from 'vitest';
import type { Asker } from '../../../src/cli/ask.ts';
import { requestGrant } from '../../../src/cli/elevate/request.ts';
import { Cancelled } from '../../../src/cli/errors.ts';
import type { World } from '../../../src/cli/world.ts';
import type { Client } from '../../../src/client/client.ts';
import { JitError } from '../../../src/core/errors.ts';
import { usualShellTerms } from '../../../src/core/shell-terms.ts';
import type { AnswerRequest, ElevateReply, ElevateRequest } from '../../../src/protocol/routes.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { createFakeClient, fakeGrant } from '../../fakes/client.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { until } from '../../support/until.ts';

const reply: ElevateReply = {
  grant: fakeGrant(),
  env: {},
  unset: [],
  secrets: [],
  notes: [],
  shell: usualShellTerms,
};
const question = { id: 'q1', text: 'MFA code of device for aws-prod' };
const wanted: Omit<ElevateRequest, 'channel'> = {
  ...{ target: 'aws-prod', role: 'deploy', scope: null, duration: null, reason: null, ticket: null },
  ...{ interactive: true, ci: false, parent: null, export: 'reference', keep: false, session: null },
  ...{ identity: null, run: null, onEnd: null },
};

/** A request that waits for an answer, as with MFA; `answer` and `question` may be others. */
function waiting(secret: Asker['secret'], verbs: Partial<Client> = {}, interactive = true) {
  const clock = new FakeClock();
  const events: string[] = [];
  const elevated = Promise.withResolvers<ElevateReply>();
  let asked = 0;
  const client = createFakeClient({
    elevate: (_request, signal) => {
      signal?.addEventListener('abort', () => elevated.reject(signal.reason));
      return elevated.promise;
    },
    question: async (_request, signal) => {
      asked += 1;
      if (asked === 1) return { question };
      return new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      );
    },
    answer: async ({ answer }) => {
      if (answer !== null) elevated.resolve(reply);
      return {};
    },
    ...verbs,
  });
  const spin = async (text: string) => {
    events.push(text);
    return () => events.push('stop');
  };
  const ask = {
    secret: (message: string, signal?: AbortSignal) => {
      events.push(message);
      return secret(message, signal);
    },
  };
  const world = {
    ...{ clock, spin, ask, interactive, random: systemRandom, env: {}, ci: false, onSignal: () => () => {} },
    isTTY: { stdin: true, stdout: true, stderr: true },
    out: { note: (text: string) => events.push(`note ${text}`) },
    ownBroker: { current: null, isHurried: false },
  } as unknown as World;
  const held = requestGrant(world, client, wanted);
  held.catch(() => {});
  return { clock, client, held, events, elevated };
}

const aborts = (_message: string, signal?: AbortSignal): Promise<string> =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));

describe('a question while a request waits', () => {
  it('is put to the person, and the answer goes to the broker by the channel of the request', async () => {
    const { clock, client, held } = waiting(async () => '123456');
    clock.advance(150);
    expect((await held).reply).toBe(reply);
    const { channel } = client.asked('elevate')[0] as ElevateRequest;
    expect(channel).toMatch(/^[0-9a-z]{26}$/);
    expect(client.asked('question')[0]).toMatchObject({ channel });
    expect(client.asked('answer')).toEqual([{ channel, question: 'q1', answer: '123456' }]);
    expect(clock.pending).toBe(0);
  });

  it('is not looked for when the answer comes at once', async () => {
    const { clock, client, held, elevated } = waiting(aborts);
    elevated.resolve(reply);
    await held;
    clock.advance(60_000);
    expect(client.asked('question')).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('is not looked for without a terminal', async () => {
    const { clock, client, held, elevated } = waiting(aborts, {}, false);
    clock.advance(60_000);
    elevated.resolve(reply);
    await held;
    expect(client.asked('elevate')[0]).toMatchObject({ channel: null });
    expect(client.asked('question')).toEqual([]);
  });

  it('that is a notice is shown and not answered, and the next is looked for', async () => {
    const notice = { id: 'n1', text: 'open the page\u001b[2J and enter ABCD', notice: true } as const;
    const replies = [{ question: notice }, { question }];
    const { clock, client, held, events } = waiting(async () => '123456', {
      question: async () => replies.shift() ?? new Promise(() => {}),
    });
    clock.advance(150);
    await held;
    expect(events[0]).toBe('note open the page\\u{1b}[2J and enter ABCD');
    expect(events).toContain(question.text);
    expect((client.asked('answer') as AnswerRequest[]).map((one) => one.question)).toEqual(['q1']);
  });

  it('stops the spinner, which goes on after it', async () => {
    const typed = Promise.withResolvers<string>();
    const { clock, held, events } = waiting(() => typed.promise, { answer: async () => ({}) });
    clock.advance(150);
    await until(() => expect(events).toEqual([question.text]));
    clock.advance(10_000);
    expect(events).toEqual([question.text]);
    typed.resolve('123456');
    await until(() => {
      clock.advance(500);
      expect(events).toEqual([question.text, 'Asking for aws-prod:deploy']);
    });
    held.catch(() => {});
  });

  it('declined with Ctrl-C is told to the broker, and cancels the request', async () => {
    const { clock, client, held } = waiting(() => Promise.reject(new Cancelled()));
    clock.advance(150);
    await expect(held).rejects.toBeInstanceOf(Cancelled);
    expect((client.asked('answer') as AnswerRequest[]).map(({ answer }) => answer)).toEqual([null]);
    expect(clock.pending).toBe(0);
  });

  it('declined with Ctrl-C is a cancellation, also when the broker refuses first', async () => {
    let refuse = (_error: JitError): void => {};
    const { clock, held, elevated } = waiting(() => Promise.reject(new Cancelled()), {
      answer: async () => {
        refuse(new JitError('ERR_SECRET_UNAVAILABLE', 'nobody gave a code'));
        return {};
      },
    });
    refuse = (error) => elevated.reject(error);
    clock.advance(150);
    await expect(held).rejects.toBeInstanceOf(Cancelled);
  });

  it('goes away when the request is over, whose failure is what counts', async () => {
    const { clock, client, held, events, elevated } = waiting(aborts);
    clock.advance(150);
    await until(() => expect(events).toEqual([question.text]));
    elevated.reject(new JitError('ERR_SECRET_UNAVAILABLE', 'not ready within 120 s'));
    await expect(held).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    expect(client.asked('answer')).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('is looked for again when the broker does not know the channel yet', async () => {
    let asked = 0;
    const { clock, held } = waiting(async () => '123456', {
      question: async () => {
        asked += 1;
        if (asked > 2) return { question };
        throw new JitError('ERR_UNKNOWN_NAME', 'no such channel');
      },
    });
    clock.advance(150);
    await until(() => {
      clock.advance(500);
      expect(asked).toBe(3);
    });
    expect((await held).reply).toBe(reply);
  });

  it('cannot steer the terminal', async () => {
    const evil = { id: 'q1', text: 'code\u001b[2J' };
    const { clock, held, events } = waiting(async () => '123456', {
      question: async () => ({ question: evil }),
    });
    clock.advance(150);
    await held;
    expect(events[0]).toBe('code\\u{1b}[2J');
  });
});
