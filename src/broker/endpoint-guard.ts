// Who is let through to an endpoint: the rows of its abuse matrix, in the order in which they are checked. Pure.

import { timingSafeEqual } from 'node:crypto';

/** One request, as it came. */
export interface Knock {
  readonly remoteAddress: string;
  /** Who opened the other end; see `tcpPeerUid`. */
  readonly peerUid: number | 'nobody' | 'untold';
  readonly method: string;
  /** The target of the request line, untouched. */
  readonly url: string;
  /** Names and values in turns, duplicates included: Node's `headers` hides them. */
  readonly rawHeaders: readonly string[];
}

/** What an endpoint lets through. */
export interface Threshold {
  readonly uid: number | undefined;
  readonly host: string;
  readonly path: string;
  /** SHA-256 of the bearer. */
  readonly bearer: Buffer;
}

/** A refusal: the status for the client, the reason for the log. */
export interface Refusal {
  readonly status: number;
  readonly why: string;
}

/** Null when nothing speaks against an answer. @param sha256 taken of whatever was sent as the bearer */
export function refusal(
  knock: Knock,
  threshold: Threshold,
  sha256: (text: string) => Buffer,
): Refusal | null {
  const { remoteAddress, peerUid, method, url, rawHeaders } = knock;
  if (!/^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(remoteAddress)) return { status: 403, why: 'not-loopback' };
  if (peerUid !== 'untold' && peerUid !== threshold.uid) return { status: 403, why: 'other-user' };
  const hosts = valuesOf(rawHeaders, 'host');
  if (hosts.length !== 1) return { status: 400, why: 'not-one-host' };
  // A name that an attacker points at 127.0.0.1 arrives here as itself.
  if (hosts[0] !== threshold.host) return { status: 421, why: 'other-host' };
  if (rawHeaders.some((name, index) => index % 2 === 0 && isOfBrowser(name))) {
    return { status: 403, why: 'browser' };
  }
  if (method !== 'GET' || url !== threshold.path) return { status: 404, why: 'not-found' };
  const [token, ...more] = valuesOf(rawHeaders, 'authorization');
  // Not an attack: the SDK for JavaScript asks once more without it when it was told of the end.
  if (token === undefined) return { status: 401, why: 'no-bearer' };
  if (more.length > 0 || !timingSafeEqual(sha256(token), threshold.bearer)) {
    return { status: 401, why: 'wrong-bearer' };
  }
  return null;
}

function valuesOf(rawHeaders: readonly string[], wanted: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === wanted);
}

/** What browsers and proxies send along, and no SDK does. */
function isOfBrowser(name: string): boolean {
  return /^(origin|referer|cookie|forwarded|sec-fetch-.*|x-forwarded-.*)$/i.test(name);
}
