// The broker's own keys for a target: an access key from the keychain, what the SDK's chain finds, or a web identity.
// Each is got once and kept until it is nearly over.

import { readFile } from 'node:fs/promises';
import {
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts';
import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Milliseconds } from '../../core/time.ts';
import { storedKeys } from './access-key.ts';
import { type Answered, sessionOf } from './answer.ts';
import { type Context, detached } from './context.ts';
import { failureOf, loginHint, outcomeOf } from './failure.ts';
import type { Perishable } from './flights.ts';
import type { Access } from './handle.ts';
import { isWrongCode, mfaCode, notTaken, withMfaCode } from './mfa.ts';
import { repeat } from './repeat.ts';
import type { Keys } from './sessions.ts';

/** For a few calls with retries; people who are asked meanwhile are waited for by the desk. */
const patience: Milliseconds = 60_000;
const oneLook: Milliseconds = 3_000;
/** The SDK waits for ever, for programs and for connections that a sleeping machine lost. Nobody does by then. */
const longestLogin: Milliseconds = 150_000;
/** As long as a crowd takes to arrive at a busy machine: a failure is told to all of it. */
export const crowd: Milliseconds = 1_000;
/** What AWS said of a key. */
const knownBad: Milliseconds = 2_000;
/** Keys without an end are looked up this often: somebody may have put others in their place. */
const lookAgain: Milliseconds = 300_000;

/** @throws JitError `ERR_SECRET_UNAVAILABLE` with what to do about it, or as {@link repeat} */
export async function baseKeys(context: Context): Promise<Keys> {
  const { access, shared, mayAsk } = context;
  const { credentials, profile, mfa_serial, mfa_process, token_file, token_role, region, sts_url } = access;
  const shape = [credentials, profile, mfa_serial, token_file, token_role, region, sts_url];
  const key = JSON.stringify(['base', ...shape]);
  const make = (): Promise<Perishable<Keys>> => getKeys(context);
  const isAsked = mfa_serial !== null && mfa_process === null;
  // A look into the keychain costs AWS nothing, and the next command may be the one that put the key there.
  const echo = !isAsked && credentials === 'default' ? crowd : 0;
  // A profile may ask, too.
  if (mayAsk || !(isAsked || (credentials === 'default' && token_file === null))) {
    return shared.keys.get(key, make, echo);
  }
  // Who may be asked must not be given the failure of those who may not.
  return shared.keys.peek(key) ?? shared.keys.get(`${key} in the background`, make, crowd);
}

async function getKeys(context: Context): Promise<Perishable<Keys>> {
  const { mfa_serial, token_file, credentials } = context.access;
  const long = detached(context, patience);
  if (token_file !== null) return webIdentity(long);
  if (credentials === 'default') return fromChain(context);
  const found = await stored(long);
  if (mfa_serial !== null) return withMfa(context, found.value, mfa_serial);
  if (found.expiresAt === null) return lasting(long, found.value);
  return { ...found, expiresAt: Math.min(found.expiresAt, context.tools.clock.now() + lookAgain) };
}

/** Keys whose end nobody told: AWS says whether it is over, once for all who wait. @throws JitError `ERR_SECRET_UNAVAILABLE` */
async function lasting(context: Context, keys: Keys): Promise<Perishable<Keys>> {
  const { access, clients, shared, tools, signal } = context;
  const key = JSON.stringify(['valid', access.region, access.sts_url, keys.accessKeyId]);
  const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(oneLook)]);
  const look = async (): Promise<Perishable<Keys>> => {
    try {
      await clients.sts(keys).send(new GetCallerIdentityCommand({}), { abortSignal });
    } catch (thrown) {
      if (outcomeOf(thrown) === 'login') throw failureOf(thrown, access, 'log in');
      // Anything else is said better by the call that follows.
    }
    const known = keys.sessionToken === null ? 3_600_000 : lookAgain;
    return { value: keys, expiresAt: tools.clock.now() + known };
  };
  await shared.keys.get(key, look, knownBad);
  return { value: keys, expiresAt: tools.clock.now() + lookAgain };
}

/** `{"AccessKeyId": …, "SecretAccessKey": …, "SessionToken"?: …, "Expiration"?: …}`, as credential_process prints it. */
async function stored({ access, tools }: Context): Promise<Perishable<Keys>> {
  const text = (await tools.resolveSecret(access.credentials)).reveal();
  const keys = storedKeys(text);
  if (!keys) {
    throw new JitError(
      'ERR_SECRET_UNAVAILABLE',
      `the credentials of target "${access.target}" are not of the form {"AccessKeyId": …, "SecretAccessKey": …}`,
      { hint: loginHint(access) },
    );
  }
  if (keys.expiresAt !== null && keys.expiresAt <= tools.clock.now()) {
    const message = `the broker's own credentials for target "${access.target}" have expired`;
    throw new JitError('ERR_SECRET_UNAVAILABLE', message, { hint: loginHint(access) });
  }
  return { value: keys, expiresAt: keys.expiresAt };
}

/** Not a role session: AWS does not count what follows as chained. */
function withMfa(context: Context, keys: Keys, serial: string): Promise<Perishable<Keys>> {
  const { access, clients, tools } = context;
  return withMfaCode(context, serial, async (code) => {
    const request = { SerialNumber: serial, TokenCode: code, DurationSeconds: 43_200 };
    const { signal } = detached(context, patience);
    const asking = { access, what: 'begin an MFA session', ...tools, signal };
    const answer = await repeat(asking, (abortSignal) =>
      clients.sts(keys).send(new GetSessionTokenCommand(request), { abortSignal }),
    );
    return perishable(answer, context);
  });
}

async function webIdentity(context: Context): Promise<Perishable<Keys>> {
  const { access, clients, tools, signal } = context;
  const token = await webToken(context);
  const request = {
    RoleArn: access.token_role ?? '',
    RoleSessionName: 'jit-broker',
    WebIdentityToken: token,
  };
  const asking = { access, what: `assume role "${access.token_role}" by web identity`, ...tools, signal };
  const answer = await repeat(asking, (abortSignal) =>
    clients.sts(null).send(new AssumeRoleWithWebIdentityCommand(request), { abortSignal }),
  );
  return perishable(answer, context);
}

/** The OIDC token, read anew: whoever writes the file renews it. @throws JitError `ERR_SECRET_UNAVAILABLE` */
export async function webToken({ access }: Context): Promise<string> {
  try {
    return (await readFile(access.token_file ?? '', 'utf8')).trim();
  } catch (thrown) {
    throw new JitError(
      'ERR_SECRET_UNAVAILABLE',
      `the OIDC token of target "${access.target}" cannot be read`,
      {
        hint: 'web_identity.token_file names the file',
        cause: thrown,
      },
    );
  }
}

function perishable(answer: Answered, context: Context): Perishable<Keys> {
  const session = sessionOf(answer, context.access);
  return { value: session, expiresAt: session.expiresAt };
}

/** Rejects when the SDK's own login has taken too long. */
function late(access: Access): Promise<never> {
  return new Promise((_, reject) => {
    const message = `whatever logs in for target "${access.target}" does not answer`;
    const error = new JitError('ERR_SECRET_UNAVAILABLE', message, { hint: loginHint(access) });
    AbortSignal.timeout(longestLogin).addEventListener('abort', () => reject(error));
  });
}

/** What the SDK finds by itself, with the broker's scrubbed environment: files below HOME, processes, the machine's role. */
async function fromChain(context: Context): Promise<Perishable<Keys>> {
  const { access } = context;
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const { profile, region } = access;
  let device = '';
  const provide = fromNodeProviderChain({
    ...(profile === null ? {} : { profile }),
    clientConfig: { region },
    // The SDK would keep the files of ~/.aws as they were when the broker started.
    ignoreCache: true,
    mfaCodeProvider: (serial) => {
      device = serial;
      return mfaCode(context, serial);
    },
  });
  try {
    const found = await Promise.race([provide(), late(access)]);
    const value: Keys = {
      accessKeyId: found.accessKeyId,
      secretAccessKey: new Secret(found.secretAccessKey),
      sessionToken: found.sessionToken === undefined ? null : new Secret(found.sessionToken),
    };
    const end = found.expiration?.getTime();
    return end === undefined ? await lasting(detached(context, patience), value) : { value, expiresAt: end };
  } catch (thrown) {
    if (isWrongCode(thrown)) throw notTaken(context, device);
    throw failureOf(thrown, access, 'find credentials');
  }
}
