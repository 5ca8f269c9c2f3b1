// What the client threw, as one of jit's errors, and whether GitHub may have done the thing all the same. Never tells a
// secret: of an answer only its status and its one-line message are passed on, of a failed connection only its code.

import { JitError } from '../../core/errors.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import type { Access } from './handle.ts';
import { wasNeverSent } from './plain-fetch.ts';

/**
 * `refused`, `login`, `clock`: GitHub said no. `busy`: GitHub said to come again. `unsent`: no connection. For these
 * nothing was done. `lost`: there may be an answer that did not arrive.
 */
export type Outcome = 'refused' | 'login' | 'clock' | 'busy' | 'unsent' | 'lost';

interface Thrown {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | number | undefined>>;
    readonly data: unknown;
  };
}

/** What GitHub sent; null when nothing arrived that is GitHub's: a gateway's page is no answer of it. */
function answerOf(
  thrown: unknown,
): { status: number; message: string; header(name: string): string | null } | null {
  const { response } = (thrown ?? {}) as Thrown;
  const message = (response?.data as { message?: unknown } | null | undefined)?.message;
  if (!response || typeof message !== 'string') return null;
  const header = (name: string): string | null => {
    const value = response.headers[name];
    return value === undefined ? null : String(value);
  };
  return { status: response.status, message: message + detailsOf(response.data), header };
}

function detailsOf(data: unknown): string {
  const { errors } = data as { errors?: unknown };
  if (!Array.isArray(errors)) return '';
  const texts = errors.map((one) =>
    typeof one === 'string' ? one : (one as { message?: unknown } | null)?.message,
  );
  const told = texts.filter((text) => typeof text === 'string');
  return told.length > 0 ? `: ${told.join('; ')}` : '';
}

/** The client puts an error around the one that the connection threw. */
function isUnsent(thrown: unknown): boolean {
  return wasNeverSent(thrown) || wasNeverSent((thrown as Thrown | null)?.cause);
}

function systemCode(thrown: unknown): string | null {
  for (let one = thrown as Thrown | undefined, depth = 0; one && depth < 5; depth += 1) {
    if (typeof one.code === 'string') return one.code;
    one = one.cause as Thrown | undefined;
  }
  return null;
}

export function outcomeOf(thrown: unknown): Outcome {
  const answer = answerOf(thrown);
  if (answer === null) return isUnsent(thrown) ? 'unsent' : 'lost';
  const { status, message, header } = answer;
  if (status >= 500) return 'lost';
  // docs.github.com "Rate limits for the REST API": 403 or 429 with one of these, or the secondary limit's words.
  const isLimit =
    header('retry-after') !== null || header('x-ratelimit-remaining') === '0' || /rate limit/i.test(message);
  if (status === 429 || (status === 403 && isLimit)) return 'busy';
  if (status !== 401) return 'refused';
  return /'(Expiration time|Issued at)' claim/.test(message) ? 'clock' : 'login';
}

/** The HTTP status of GitHub's answer; null when there was none. */
export function statusOf(thrown: unknown): number | null {
  return answerOf(thrown)?.status ?? null;
}

/** How long GitHub asks to be left alone; null when it does not say. @param now for limits that name the hour */
export function pauseOf(thrown: unknown, now: Instant): Milliseconds | null {
  const answer = answerOf(thrown);
  const after = answer?.header('retry-after') ?? null;
  if (after !== null && /^\d{1,6}$/.test(after)) return Number(after) * 1000;
  const reset = answer?.header('x-ratelimit-remaining') === '0' ? answer.header('x-ratelimit-reset') : null;
  return reset !== null && /^\d{1,12}$/.test(reset) ? Math.max(0, Number(reset) * 1000 - now) : null;
}

/** How far GitHub's clock is ahead of `now`, by its `Date` header; null when it sent none. */
export function skewOf(date: string | number | undefined | null, now: Instant): Milliseconds | null {
  const told = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(told) ? null : told - now;
}

/** What a call proves who it is by, and what to look at when GitHub does not take it. */
export interface Proof {
  readonly name: string;
  readonly hint: string;
}

const appKey: Proof = {
  name: "the App's key",
  hint: "check app_id, and that the key is still listed on the App's page: jit doctor",
};

/** @param what was asked for, for messages, e.g. `make a token` */
export function failureOf(
  thrown: unknown,
  access: Access,
  what: string,
  now: Instant,
  proof: Proof = appKey,
): JitError {
  if (thrown instanceof JitError) return thrown;
  const where = `GitHub of target "${access.target}"`;
  const said = saidBy(thrown);
  switch (outcomeOf(thrown)) {
    case 'clock': {
      const skew = skewOf(answerOf(thrown)?.header('date'), now);
      const off =
        skew === null
          ? ''
          : ` (${Math.round(Math.abs(skew) / 1000)} seconds ${skew > 0 ? 'behind' : 'ahead'})`;
      return new JitError('ERR_CLOCK', `${where} refuses the time of this machine${off}: cannot ${what}`, {
        hint: 'set the clock by NTP: GitHub takes about a minute of difference',
      });
    }
    case 'login':
      return new JitError(
        'ERR_SECRET_UNAVAILABLE',
        `cannot ${what}: GitHub does not take ${proof.name} of target "${access.target}": ${said}`,
        { hint: proof.hint },
      );
    case 'refused':
      return new JitError('ERR_TARGET_REFUSED', `${where} refuses to ${what}: ${said}`, {
        hint: 'jit doctor shows what the App may do and where it is installed',
      });
    case 'busy': {
      const pause = pauseOf(thrown, now);
      const again = pause === null ? 'in a minute' : `in ${Math.ceil(pause / 1000)} seconds`;
      return new JitError('ERR_TARGET_UNREACHABLE', `${where} cannot ${what} now: ${said}`, {
        hint: `the rate limit of the App is used up; try again ${again}`,
      });
    }
    default:
      return new JitError('ERR_TARGET_UNREACHABLE', `${where} cannot ${what} now: ${said}`);
  }
}

function saidBy(thrown: unknown): string {
  const answer = answerOf(thrown);
  if (answer) return oneLine(`${answer.status} ${answer.message}`);
  const { response, cause } = (thrown ?? {}) as Thrown;
  const name = (cause as Error | undefined)?.name ?? (thrown as Error | undefined)?.name;
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer in time';
  const code = systemCode(thrown);
  if (code !== null && /^[A-Z][A-Z_]+$/.test(code)) return code;
  return response ? `the answer (${response.status}) is not GitHub's` : 'the answer cannot be read';
}

/** One line of at most 300 units, without what could steer a terminal. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .slice(0, 300)
    .toWellFormed();
}
