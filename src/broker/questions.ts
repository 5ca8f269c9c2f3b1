// Questions for a person, from whoever in the broker needs an answer to the terminals that wait for one.
// Owns: which terminal is asked, one at a time, and when to ask the next; notices, which all who wait are shown.
// Must not: keep, log or record an answer.

import { JitError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Milliseconds } from '../core/time.ts';
import type { AnswerRequest, ElevateRequest, QuestionReply, QuestionRequest } from '../protocol/routes.ts';
import type { Clock } from '../system/clock.ts';
import { type Random, randomId } from '../system/random.ts';
import type { Broker, Caller } from './broker.ts';

/** A terminal that does not come for its question within this time is passed over. */
const pickUp: Milliseconds = 5_000;
/** Long enough to find the telephone; then the next terminal is asked as well. */
const toAnswer: Milliseconds = 90_000;
/** Terminals beyond these are asked nothing. */
const mostChannels = 256;
const longestText = 300;

/** What somebody in the broker wants to know. */
export interface Asked {
  /** Questions with the same key that are open at the same time are one. */
  readonly key: string;
  readonly text: string;
  /** The target that it is about: terminals that wait for this one are asked first. */
  readonly target: string;
}

/** What somebody in the broker wants a person to do elsewhere. */
export interface Notice {
  readonly text: string;
  readonly target: string;
  /** Nobody else is shown it: what it asks for would be done in another's name. */
  readonly principal: string;
}

/** A terminal for as long as its elevation is under way. */
export interface Channel {
  /** It waits for this target from now on, so it can be asked. */
  waitFor(target: string): void;
  /** Nothing is asked of it any more; its question moves on. Idempotent. */
  close(): void;
}

/** Where questions and terminals meet. */
export interface Desk {
  /** The answer; null when nobody can be asked or everybody declined. Never rejects. */
  ask(asked: Asked): Promise<Secret | null>;
  /** Shows it once on every terminal that waits for it now or later, until the answer is called; null when none waits now. */
  show(notice: Notice): (() => void) | null;
  /** Null without a terminal. @throws JitError `ERR_CONFLICT` when the id is in use */
  open(caller: Caller, request: Pick<ElevateRequest, 'interactive' | 'channel'>): Channel | null;
  /** Long poll. @throws JitError `ERR_UNKNOWN_NAME` unless the channel is that of an elevation of the caller */
  question(caller: Caller, request: QuestionRequest): Promise<QuestionReply>;
  /** @throws JitError as `question`; `ERR_CONFLICT` when the question is not one that this channel was given, or is over */
  answer(caller: Caller, request: AnswerRequest): void;
}

/** `POST /v1/question` */
export function question(broker: Broker, caller: Caller, request: QuestionRequest): Promise<QuestionReply> {
  return broker.questions.question(caller, request);
}

/** `POST /v1/answer` */
export function answer(broker: Broker, caller: Caller, request: AnswerRequest): Record<string, never> {
  broker.questions.answer(caller, request);
  return {};
}

interface Terminal {
  readonly id: string;
  readonly principal: string;
  target: string | null;
  /** Ends the poll that waits, if one does. */
  tell: ((reply: QuestionReply) => void) | null;
}

interface Shown extends Notice {
  readonly id: string;
  readonly seenBy: Set<Terminal>;
}

const nothing: QuestionReply = { question: null };

interface Open extends Asked {
  readonly id: string;
  readonly answered: Promise<Secret | null>;
  readonly settle: (answer: Secret | null) => void;
  /** Who is asked now; null: those that could be are busy with another question. */
  at: Terminal | null;
  /** Who has seen it. An answer of theirs counts, though somebody else be asked by now. */
  readonly seenBy: Set<Terminal>;
  /** Who was asked or passed over, so nobody is asked twice. */
  readonly tried: Set<Terminal>;
  cancel: () => void;
}

function isFor(notice: Notice, { target, principal }: Terminal): boolean {
  return notice.target === target && notice.principal === principal;
}

export function createDesk(clock: Clock, random: Random): Desk {
  const terminals = new Map<string, Terminal>();
  const open = new Map<string, Open>();
  const notices = new Set<Shown>();

  function end(one: Open, given: Secret | null): void {
    one.cancel();
    open.delete(one.key);
    one.settle(given);
    offerWaiting();
  }

  /** Puts it to the next terminal that can be asked. */
  function offer(one: Open): void {
    one.cancel();
    one.at = null;
    const left = [...terminals.values()].filter(({ target }) => target !== null);
    const able = left.filter((terminal) => !one.tried.has(terminal));
    if (able.length === 0) {
      end(one, null);
      return;
    }
    const busy = new Set([...open.values()].map(({ at }) => at));
    const free = able.filter((terminal) => !busy.has(terminal));
    const next = free.find(({ target }) => target === one.target) ?? free[0];
    if (!next) return;
    one.at = next;
    one.tried.add(next);
    one.cancel = clock.after(pickUp, () => pass(one));
    next.tell?.(hand(one, next));
  }

  /** Whoever had it may be asked something else now. */
  function pass(one: Open): void {
    offer(one);
    offerWaiting();
  }

  function offerWaiting(): void {
    for (const one of open.values()) if (one.at === null) offer(one);
  }

  /** It is on its way to the terminal. */
  function hand(one: Open, to: Terminal): QuestionReply {
    one.seenBy.add(to);
    one.cancel();
    one.cancel = clock.after(toAnswer, () => pass(one));
    return { question: { id: one.id, text: one.text } };
  }

  function noticeFor(terminal: Terminal): Shown | undefined {
    return [...notices].find((one) => isFor(one, terminal) && !one.seenBy.has(terminal));
  }

  function handNotice({ id, text, seenBy }: Shown, to: Terminal): QuestionReply {
    seenBy.add(to);
    return { question: { id, text, notice: true } };
  }

  function showTo(terminal: Terminal): void {
    const one = noticeFor(terminal);
    if (one) terminal.tell?.(handNotice(one, terminal));
  }

  /** Others' are as unknown as those that never were. */
  function terminalOf(caller: Caller, id: string): Terminal {
    const found = terminals.get(id);
    if (found && found.principal === caller.principal) return found;
    throw new JitError('ERR_UNKNOWN_NAME', 'no elevation of yours that is under way has this channel');
  }

  return {
    ask(asked) {
      const known = open.get(asked.key);
      if (known) return known.answered;
      const { promise, resolve } = Promise.withResolvers<Secret | null>();
      const text = asked.text.slice(0, longestText);
      const id = `q${randomId(random, 15)}`;
      const ends = { answered: promise, settle: resolve, cancel: () => undefined };
      const one: Open = { ...asked, text, id, ...ends, at: null, seenBy: new Set(), tried: new Set() };
      open.set(asked.key, one);
      offer(one);
      return promise;
    },
    show(notice) {
      const text = notice.text.slice(0, longestText);
      const one: Shown = { ...notice, text, id: `n${randomId(random, 15)}`, seenBy: new Set() };
      notices.add(one);
      const waiting = [...terminals.values()].filter((terminal) => isFor(one, terminal));
      for (const terminal of waiting) showTo(terminal);
      const withdraw = (): void => void notices.delete(one);
      if (waiting.length > 0) return withdraw;
      withdraw();
      return null;
    },
    open(caller, { interactive, channel }) {
      if (!interactive || channel === null || terminals.size >= mostChannels) return null;
      if (terminals.has(channel)) throw new JitError('ERR_CONFLICT', 'another elevation has this channel');
      const terminal: Terminal = { id: channel, principal: caller.principal, target: null, tell: null };
      terminals.set(channel, terminal);
      const close = (): void => {
        if (terminals.get(channel) !== terminal) return;
        terminals.delete(channel);
        caller.signal.removeEventListener('abort', close);
        terminal.tell?.(nothing);
        for (const one of open.values()) if (one.at === terminal || one.at === null) offer(one);
      };
      caller.signal.addEventListener('abort', close);
      if (caller.signal.aborted) close();
      return {
        close,
        waitFor(target) {
          terminal.target = target;
          showTo(terminal);
          offerWaiting();
        },
      };
    },
    async question(caller, { channel, timeout }) {
      const terminal = terminalOf(caller, channel);
      // One poll per terminal: a newer one takes the place of one whose connection was lost.
      terminal.tell?.(nothing);
      const notice = noticeFor(terminal);
      if (notice) return handNotice(notice, terminal);
      const mine = [...open.values()].find(({ at }) => at === terminal);
      if (mine) return hand(mine, terminal);
      return new Promise((resolve) => {
        const tell = (reply: QuestionReply): void => {
          if (terminal.tell === tell) terminal.tell = null;
          cancel();
          caller.signal.removeEventListener('abort', leave);
          resolve(reply);
        };
        const leave = (): void => tell(nothing);
        const cancel = clock.after(timeout, leave);
        caller.signal.addEventListener('abort', leave);
        terminal.tell = tell;
        if (caller.signal.aborted) leave();
      });
    },
    answer(caller, { channel, question: id, answer: given }) {
      const terminal = terminalOf(caller, channel);
      const one = [...open.values()].find((candidate) => candidate.id === id);
      if (!one?.seenBy.has(terminal)) {
        throw new JitError('ERR_CONFLICT', 'that question is not open any more', { hint: 'jit elevate' });
      }
      if (given !== null) end(one, new Secret(given));
      else if (one.at === terminal) pass(one);
    },
  };
}
