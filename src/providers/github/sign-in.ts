// A person allows the App to act for them, by a code that they type in at GitHub (RFC 8628; docs.github.com "Using the
// device flow to generate a user access token"). The code is shown where they wait; no browser is opened.

import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import type { PrepareRequest } from '../provider.ts';
import { rightsOf } from './access.ts';
import { call, wait } from './call.ts';
import { type Context, contextOf, sealerOf } from './context.ts';
import { type Acting, userTokenLife } from './handle.ts';
import type { SignedIn } from './sign-ins.ts';
import { longestSkew } from './token-call.ts';
import { checkClient, clientProof, deleteUserToken, signedOut } from './user-call.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628 section 3.5: this much more between two tries after each `slow_down`. */
const slower: Milliseconds = 5_000;
const longestEnd: Milliseconds = 10_000;
const oneLook: Milliseconds = 20_000;

/** Of one person at one target: what they allowed there is used for nothing else. */
function keyOf({ access }: Context, principal: string): string {
  return JSON.stringify([access.target, access.api_url, access.git_url, access.user, principal]);
}

/**
 * Never for jobs, and never without somebody at a terminal, whoever is signed in already.
 * @throws JitError `ERR_SECRET_UNAVAILABLE` when nobody signs in; as {@link call}
 */
export async function prepareSignIn(
  context: Context,
  target: TargetConfig,
  { principal, role, scope, attended }: PrepareRequest,
): Promise<void> {
  const { access, shared, tools, signal } = context;
  rightsOf(target, role, scope);
  const { user } = access;
  if (!user) return;
  if (!attended || !principal.startsWith('user:')) throw unattended(context);
  await sealerOf(context).ready();
  const make = (stop: AbortSignal): Promise<SignedIn> =>
    signIn(contextOf(access, tools, stop), user, principal);
  await shared.signIns.get(keyOf(context, principal), make, signal);
}

/** What a token for the lease is made from; null where the App acts for itself. @throws JitError `ERR_SECRET_UNAVAILABLE` */
export function useSignIn(context: Context, principal: string, lease: string): SignedIn | null {
  if (!context.access.user) return null;
  const signedIn = context.shared.signIns.use(keyOf(context, principal), lease);
  if (signedIn) return signedIn;
  throw signedOut(context);
}

function unattended({ access }: Context): JitError {
  return new JitError(
    'ERR_SECRET_UNAVAILABLE',
    `target "${access.target}" acts as a person, and nobody is at a terminal to sign in`,
    { hint: `on a terminal: jit elevate ${access.target}; for jobs take a target without act_as: user` },
  );
}

async function signIn(context: Context, user: Acting, principal: string): Promise<SignedIn> {
  const { access, tools } = context;
  // What somebody signs in with could not be taken back without it.
  await checkClient(context, user);
  const device = await askForCode(context, user);
  const text = `to act as you for "${access.target}": open ${device.uri} and enter ${device.code}`;
  const withdraw = tools.showNotice?.({ text, target: access.target, principal });
  if (!withdraw) throw unattended(context);
  try {
    const { token, endsAt } = await poll(context, user, device);
    const end = (): Promise<boolean> => {
      const last = contextOf(access, tools, AbortSignal.timeout(longestEnd));
      return deleteUserToken(last, user, token).then(
        () => true,
        () => false,
      );
    };
    const { clock } = tools;
    if (endsAt > clock.now() && endsAt <= clock.now() + userTokenLife + longestSkew)
      return { token, endsAt, end };
    const how = (await end())
      ? 'it was deleted'
      : 'end it under "Authorized GitHub Apps" in your settings there';
    const message = `GitHub of target "${access.target}" gives tokens that do not end within eight hours: ${how}`;
    const hint = `tick "Expire user authorization tokens" on the App's page`;
    throw new JitError('ERR_TARGET_REFUSED', message, { hint });
  } finally {
    withdraw();
  }
}

interface Device {
  readonly secret: Secret;
  readonly code: string;
  readonly uri: string;
  readonly interval: Milliseconds;
  readonly endsAt: Instant;
}

async function askForCode(context: Context, { client_id }: Acting): Promise<Device> {
  const { access, tools } = context;
  const { data } = await call(context, {
    route: `POST ${access.git_url}/login/device/code`,
    parameters: { client_id },
    accept: 'application/json',
    proof: clientProof,
    what: 'give a code to sign in with',
  });
  const told = data as Readonly<Record<string, unknown>>;
  const { device_code, user_code, verification_uri, expires_in, interval } = told;
  if (told['error'] !== undefined) throw refused(context, told['error']);
  const isCode = typeof user_code === 'string' && /^[A-Za-z0-9-]{4,20}$/.test(user_code);
  // Nobody is sent anywhere else to sign in.
  const isThere =
    typeof verification_uri === 'string' &&
    verification_uri.startsWith(`${access.git_url}/`) &&
    /^[\w./:?=-]{1,150}$/.test(verification_uri);
  if (!isCode || !isThere || typeof device_code !== 'string') throw unreadable(context);
  const seconds = (value: unknown, otherwise: number): number =>
    1000 * (typeof value === 'number' && value > 0 && value <= 3600 ? value : otherwise);
  return {
    secret: new Secret(device_code),
    code: user_code,
    uri: verification_uri,
    interval: seconds(interval, 5),
    endsAt: tools.clock.now() + seconds(expires_in, 900),
  };
}

/** Asks as often as GitHub wants to be asked, until the person decided. */
async function poll(
  context: Context,
  { client_id }: Acting,
  device: Device,
): Promise<{ token: Secret; endsAt: Instant }> {
  const { access, tools } = context;
  for (let { interval } = device; ; ) {
    await wait(context, interval);
    if (tools.clock.now() >= device.endsAt) throw refused(context, 'expired_token');
    // Whoever goes away while an answer is on its way must not leave a token that nobody knows of.
    const whole = { ...context, signal: AbortSignal.timeout(oneLook) };
    const { data } = await call(whole, {
      route: `POST ${access.git_url}/login/oauth/access_token`,
      parameters: { client_id, device_code: device.secret.reveal(), grant_type: grantType },
      accept: 'application/json',
      proof: clientProof,
      what: 'tell whether you signed in',
      makes: true,
    }).catch((thrown: unknown) => {
      throw context.losses.some ? lost(context) : thrown;
    });
    const { error, access_token, expires_in } = data as Readonly<Record<string, unknown>>;
    if (error === 'authorization_pending') continue;
    if (error === 'slow_down') {
      interval += slower;
      continue;
    }
    if (error !== undefined) throw refused(context, error);
    if (typeof access_token !== 'string' || !/^[\x21-\x7e]{1,16384}$/.test(access_token)) {
      throw unreadable(context);
    }
    const life = typeof expires_in === 'number' ? expires_in * 1000 : Number.POSITIVE_INFINITY;
    return { token: new Secret(access_token), endsAt: tools.clock.now() + life };
  }
}

/** By the names of docs.github.com "Error codes for the device flow". */
function refused(context: Context, error: unknown): JitError {
  const { access, losses } = context;
  const again = `jit elevate ${access.target}`;
  const where = `GitHub of target "${access.target}"`;
  if (error === 'access_denied') {
    return new JitError('ERR_SECRET_UNAVAILABLE', `you did not allow ${where} to act for you`, {
      hint: again,
    });
  }
  if (error === 'expired_token') {
    return new JitError('ERR_SECRET_UNAVAILABLE', `nobody entered the code of ${where} in time`, {
      hint: again,
    });
  }
  if (losses.some) return lost(context);
  const name = typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? error : 'something unknown';
  const hint =
    name === 'device_flow_disabled'
      ? `tick "Enable Device Flow" on the App's page`
      : "check client_id against the App's page";
  return new JitError('ERR_TARGET_REFUSED', `${where} refuses the sign-in: ${name}`, { hint });
}

/** Nothing is on disk that could tell of it later, so it is told now. */
function lost({ access }: Context): JitError {
  const message = `the answer of GitHub of target "${access.target}" to a sign-in was lost`;
  return new JitError('ERR_SECRET_UNAVAILABLE', message, {
    hint: `a token may live for eight hours that nobody holds; "Authorized GitHub Apps" in your settings there ends it; then: jit elevate ${access.target}`,
  });
}

function unreadable({ access }: Context): JitError {
  return new JitError(
    'ERR_TARGET_UNREACHABLE',
    `GitHub of target "${access.target}" gives no usable sign-in`,
  );
}
