// The sign-in side of the fake: sessions become tokens, tokens become consoles. The rules of the IAM user guide, "Enable
// custom identity broker access to the AWS console".

import { randomBytes } from 'node:crypto';
import type { Account, Identity } from './state.ts';

/** A browser that is signed in. */
export interface ConsoleSession {
  readonly identity: Identity;
  readonly destination: string;
  readonly endsAt: number;
}

/** What a request is answered with. Errors are pages for people. */
export interface SigninAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly location?: string;
}

export interface Signin {
  readonly consoles: readonly ConsoleSession[];
  answer(method: string, url: URL, body: string): SigninAnswer;
}

/** A token is good for this long. */
const tokenLife = 15 * 60_000;

const page = (status: number): SigninAnswer => ({
  status,
  type: 'text/html',
  body: `<html><body><h1>HTTP Status ${status}</h1></body></html>`,
});

export function createSignin(account: Account): Signin {
  const tokens = new Map<string, { identity: Identity; until: number; endsAt: number }>();
  const consoles: ConsoleSession[] = [];

  function getSigninToken(method: string, params: URLSearchParams): SigninAnswer {
    // AWS takes it in the URL as well: a client that puts keys there is what this must not let pass.
    if (method !== 'POST') return page(405);
    const identity = identityOf(params.get('Session') ?? '');
    if (!identity) return page(400);
    const wanted = params.get('SessionDuration');
    const seconds = Number(wanted);
    const isRefused = identity.isChained || !/^\d+$/.test(wanted ?? '') || seconds < 900 || seconds > 43_200;
    if (wanted !== null && isRefused) return page(400);
    const endsAt = wanted === null ? (identity.expiration ?? 0) : account.now() + seconds * 1000;
    const token = randomBytes(48).toString('base64url');
    tokens.set(token, { identity, until: account.now() + tokenLife, endsAt });
    return { status: 200, type: 'application/json', body: JSON.stringify({ SigninToken: token }) };
  }

  function identityOf(text: string): Identity | null {
    let session: Record<string, unknown>;
    try {
      session = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return null;
    }
    const { sessionId, sessionKey, sessionToken } = session;
    const found = account.identities.get(String(sessionId));
    const isGood =
      found?.role != null &&
      found.secretAccessKey === sessionKey &&
      found.token === sessionToken &&
      (found.expiration ?? 0) > account.now();
    return isGood ? found : null;
  }

  function login(params: URLSearchParams): SigninAnswer {
    const token = tokens.get(params.get('SigninToken') ?? '');
    if (!token || token.until <= account.now()) return page(400);
    const destination = params.get('Destination') ?? '';
    if (
      !/^https:\/\/([a-z0-9-]+\.)?console\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)\//.test(
        destination,
      )
    )
      return page(400);
    consoles.push({ identity: token.identity, destination, endsAt: token.endsAt });
    return { ...page(302), location: destination };
  }

  return {
    consoles,
    answer(method, url, body) {
      const params = method === 'POST' ? new URLSearchParams(body) : url.searchParams;
      const action = params.get('Action');
      if (action === 'getSigninToken') return getSigninToken(method, params);
      return action === 'login' && method === 'GET' ? login(params) : page(400);
    },
  };
}
