// Questions that the broker has for a person while it works on a request, e.g. for an MFA code. Looks for them until it
// is told to stop; asks one at a time. Must not: keep or show an answer.

import type { Client } from '../../client/client.ts';
import { hasCode } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import { Cancelled } from '../errors.ts';
import { escapeText } from '../escape.ts';
import type { World } from '../world.ts';

/** Most requests are answered sooner, and then nothing was asked. */
const firstLook: Milliseconds = 150;
const poll: Milliseconds = 20_000;
const pause: Milliseconds = 500;

/** Where questions come from, and how they are put. */
export interface Asking {
  readonly client: Client;
  /** As in the request. */
  readonly channel: string;
  /** Aborted when the request is over: nothing is asked any more, a question on the screen goes away. */
  readonly over: AbortSignal;
  /** Puts one. @throws Cancelled */
  readonly put: (text: string) => Promise<string>;
  /** Shows what is to be done elsewhere. */
  readonly show: (text: string) => void;
}

/**
 * Settles when `over` is aborted; never rejects with anything but {@link Cancelled}.
 * @throws Cancelled when the person declined to answer; the broker has been told
 */
export async function answerQuestions(
  world: World,
  { client, channel, over, put, show }: Asking,
): Promise<void> {
  async function putOne({ id, text }: { id: string; text: string }): Promise<void> {
    try {
      const answer = await put(escapeText(text));
      await client.answer({ channel, question: id, answer });
    } catch (error) {
      // Another terminal may know the answer.
      if (error instanceof Cancelled)
        await client.answer({ channel, question: id, answer: null }).catch(() => {});
      throw error;
    }
  }

  await rest(world, firstLook, over);
  while (!over.aborted) {
    try {
      const { question } = await client.question({ channel, timeout: poll }, over);
      if (question?.notice) show(escapeText(question.text));
      else if (question) await putOne(question);
    } catch (error) {
      if (over.aborted) return;
      if (error instanceof Cancelled) throw error;
      // The request itself tells what is wrong; a question that is over, or not there yet, is not.
      if (hasCode(error, 'ERR_PROTOCOL')) return;
      await rest(world, pause, over);
    }
  }
}

function rest(world: World, length: Milliseconds, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      over.removeEventListener('abort', done);
      resolve();
    };
    const cancel = world.clock.after(length, done);
    over.addEventListener('abort', done);
    if (over.aborted) done();
  });
}
