// How the broker proves to be the App: a short-lived JWT (RFC 7519) signed with the App's private key.

import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { ProviderTools } from '../provider.ts';
import type { Access } from './handle.ts';

/** docs.github.com "Generating a JSON Web Token (JWT) for a GitHub App": a minute back against clock drift, 10 minutes at most. */
const before = 60;
const after = 9 * 60;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RS256, as GitHub demands. @param now milliseconds since the epoch */
export function signJwt(key: KeyObject, appId: string, now: Instant): string {
  const seconds = Math.floor(now / 1000);
  const claims = { iat: seconds - before, exp: seconds + after, iss: appId };
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}

/**
 * The App's JWT as a header. The key is read anew each time: a rotated one is found at the next call.
 * @throws JitError `ERR_SECRET_UNAVAILABLE`
 */
export async function appAuthorization(access: Access, tools: ProviderTools): Promise<string> {
  const pem = await tools.resolveSecret(access.private_key);
  return `bearer ${signJwt(readKey(pem.reveal(), access), access.app_id, tools.clock.now())}`;
}

function readKey(pem: string, access: Access): KeyObject {
  try {
    // Where a store takes one line only, newlines are often written as \n.
    const key = createPrivateKey(pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Told below, without what the library says: it may quote what it read.
  }
  throw new JitError(
    'ERR_SECRET_UNAVAILABLE',
    `the private key of target "${access.target}" is not an RSA key in PEM`,
    { hint: "download a new one on the App's page and store the whole file" },
  );
}
