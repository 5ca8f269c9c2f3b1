// The public keys of a configured issuer: fetched below its own URL or read from a file, kept for a while. Nothing that
// a token says (jku, x5u, jwk) leads anywhere.

import type { JSONWebKeySet } from 'jose';
import { JitError } from '../core/errors.ts';
import type { Issuer } from '../core/issuer.ts';
import type { Milliseconds } from '../core/time.ts';
import { errnoOf, readErrnoText } from '../system/errno.ts';
import { readTrustedFile } from '../system/files.ts';
import { getJson, isSafeUrl } from '../system/get-json.ts';

/** Keys that are older are fetched anew. */
const fresh: Milliseconds = 600_000;
/** A key that is not there is looked for at most this often. */
const cooldown: Milliseconds = 30_000;
const patience: Milliseconds = 5_000;
const largestFile = 512 * 1024;

interface Kept {
  readonly keys: Promise<JSONWebKeySet>;
  readonly at: Milliseconds;
}

// A configuration that is read anew has other objects, and so forgets.
const kept = new WeakMap<Issuer, Kept>();

/**
 * The keys of `issuer`.
 * @param uptime a clock that never goes back
 * @param isStale a token names a key that the kept ones have not; they are fetched again unless that was done just now
 * @throws JitError `ERR_TARGET_UNREACHABLE` when the issuer does not answer, `ERR_CONFIG` for a file that cannot be read
 */
export async function keysOf(issuer: Issuer, uptime: Milliseconds, isStale = false): Promise<JSONWebKeySet> {
  if (issuer.jwksFile !== null) return readKeys(issuer.jwksFile);
  const known = kept.get(issuer);
  if (known && uptime - known.at < (isStale ? cooldown : fresh)) return known.keys;
  const keys = fetchKeys(issuer);
  kept.set(issuer, { keys, at: uptime });
  keys.catch(() => {
    if (kept.get(issuer)?.keys !== keys) return;
    // Those that are known serve their time: nobody who names a strange key can take them away.
    if (known) kept.set(issuer, known);
    else kept.delete(issuer);
  });
  return keys;
}

function readKeys(file: string): JSONWebKeySet {
  try {
    const value: unknown = JSON.parse(readTrustedFile(file, largestFile).toString());
    if (isKeySet(value)) return value;
  } catch (cause) {
    if (cause instanceof JitError) throw new JitError('ERR_CONFIG', cause.message, { cause });
    const why = cause instanceof SyntaxError ? 'it is no JSON' : readErrnoText(cause);
    throw new JitError('ERR_CONFIG', `cannot read the keys "${file}": ${why}`, { cause });
  }
  throw new JitError('ERR_CONFIG', `cannot read the keys "${file}": it is no JSON Web Key Set`);
}

/** OpenID Connect Discovery 1.0, section 4: the document is found below the issuer and has to name it exactly. */
async function fetchKeys(issuer: Issuer): Promise<JSONWebKeySet> {
  const root = issuer.url.replace(/\/$/, '');
  const found = await ask(issuer, `${root}/.well-known/openid-configuration`);
  const { issuer: named, jwks_uri: uri } = (found ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer.url) throw silent(issuer, 'its discovery document is that of another issuer');
  if (typeof uri !== 'string' || !isSafeUrl(uri) || new URL(uri).origin !== new URL(issuer.url).origin) {
    throw silent(issuer, 'its keys are said to lie elsewhere');
  }
  const keys = await ask(issuer, uri);
  if (!isKeySet(keys)) throw silent(issuer, 'what it gives are no keys');
  return keys;
}

async function ask(issuer: Issuer, url: string): Promise<unknown> {
  const answer = await getJson(url, AbortSignal.timeout(patience)).catch((cause: unknown) => {
    const why = (cause as Error).name === 'TimeoutError' ? 'no answer within 5 s' : errnoOf(cause);
    throw silent(issuer, why, cause);
  });
  if (answer.status === 200) return answer.value;
  throw silent(issuer, `HTTP ${answer.status}`);
}

function silent({ name, url }: Issuer, why: string, cause?: unknown): JitError {
  return new JitError('ERR_TARGET_UNREACHABLE', `cannot get the keys of the issuer "${name}": ${why}`, {
    hint: `try again; is ${url} reachable from here? "jwks_file" in the configuration does without`,
    cause,
  });
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === 'object' && value !== null && Array.isArray((value as { keys?: unknown }).keys);
}
