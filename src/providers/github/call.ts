// Calls GitHub, again when that may help, each try with a time limit of its own. Knows when an answer may have been lost.

import { request } from '@octokit/request';
import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Context } from './context.ts';
import { failureOf, outcomeOf, type Proof, pauseOf, statusOf } from './failure.ts';
import type { Access } from './handle.ts';
import { plainFetch } from './plain-fetch.ts';

const tries = 4;
const oneTry: Milliseconds = 7_000;
const firstWait: Milliseconds = 200;
/** GitHub may ask for minutes; whoever waits at a terminal is told instead. */
const longestWait: Milliseconds = 5_000;

export interface Call {
  /** As GitHub's reference writes it: `GET /orgs/{org}/installation`. */
  readonly route: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The header, made anew for each try: a JWT ages. Absent: the call needs none. */
  authorization?(): Promise<string> | string;
  /** What is proved by it, for messages; absent: the App's key. */
  readonly proof?: Proof;
  /** Of the answer, where it is not the API that answers. */
  readonly accept?: string;
  /** For messages: `make a token`. */
  readonly what: string;
  /** Statuses that are an answer like any other. */
  readonly expected?: readonly number[];
  /** A lost answer means that something may exist which nobody knows: noted in the context. */
  readonly makes?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * @throws JitError `ERR_TARGET_REFUSED`, `ERR_TARGET_UNREACHABLE`, `ERR_CLOCK`, `ERR_SECRET_UNAVAILABLE`
 */
export async function call(context: Context, asked: Call): Promise<Answer> {
  const { access, tools, signal, losses } = context;
  for (let count = 1; ; count += 1) {
    // Told to stop before anything was sent: that is no lost answer.
    if (signal.aborted)
      throw new JitError('ERR_TARGET_UNREACHABLE', `was told to stop: cannot ${asked.what}`);
    try {
      return await send(context, asked);
    } catch (thrown) {
      const status = statusOf(thrown);
      if (status !== null && asked.expected?.includes(status)) {
        return { status, headers: {}, data: null };
      }
      const outcome = thrown instanceof JitError ? 'refused' : outcomeOf(thrown);
      if (asked.makes && outcome === 'lost') losses.some = true;
      const pause = pauseOf(thrown, tools.clock.now()) ?? firstWait * 2 ** (count - 1);
      const isFinal =
        outcome === 'refused' || outcome === 'login' || outcome === 'clock' || pause > longestWait;
      if (!isFinal && count < tries && !signal.aborted) {
        await wait(context, pause).catch(() => undefined);
        if (!signal.aborted) continue;
      }
      throw failureOf(thrown, access, asked.what, tools.clock.now(), asked.proof);
    }
  }
}

/** A token may exist that nobody holds. */
export function undisclosed({ user }: Access, message: string): JitError {
  return new JitError('ERR_REVOKE_INCOMPLETE', `${message}: a token may exist that nobody was told`, {
    hint: `GitHub ends it within ${user ? 'eight hours' : 'the hour'}; try again`,
  });
}

async function send(context: Context, asked: Call): Promise<Answer> {
  const { access, signal } = context;
  const authorization = await asked.authorization?.();
  const answer = await request(asked.route, {
    ...asked.parameters,
    baseUrl: access.api_url,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(asked.accept === undefined ? {} : { accept: asked.accept }),
      'user-agent': 'jit',
      'x-github-api-version': '2022-11-28',
    },
    request: {
      signal: AbortSignal.any([signal, AbortSignal.timeout(oneTry)]),
      fetch: plainFetch,
      log: silent,
    },
  });
  const status: number = answer.status;
  if (status >= 300) {
    throw new JitError(
      'ERR_TARGET_REFUSED',
      `GitHub of target "${access.target}" refuses to ${asked.what}: it answers that it has moved`,
      { hint: 'check owner and base_url of the target: names may have changed' },
    );
  }
  const data: unknown = answer.data;
  // Half of an answer: what it was about may have been done.
  if (status !== 204 && (typeof data !== 'object' || data === null)) throw new TypeError('not JSON');
  return { status, headers: answer.headers, data };
}

/** Answers after about `delay`. @throws JitError `ERR_TARGET_UNREACHABLE` when the signal aborts first */
export function wait({ tools: { clock, random }, signal }: Context, delay: Milliseconds): Promise<void> {
  const spread = delay * (1 + random.bytes(1).readUInt8() / 1024);
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new JitError('ERR_TARGET_UNREACHABLE', 'gave up waiting for GitHub'));
    };
    const cancel = clock.after(spread, () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
