// The broker's own keys for a target: an access key from the keychain, what the SDK's chain finds, or a web identity.
// Each is got once and kept until it is nearly over.

import { readFile } from 'node:fs/promises';
import { AssumeRoleWithWebIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { type Answered, sessionOf } from './answer.ts';
import { type Context, detached } from './context.ts';
import { failureOf } from './failure.ts';
import type { Perishable } from './flights.ts';
import { mfaCode } from './mfa.ts';
import { repeat } from './repeat.ts';
import type { Keys } from './sessions.ts';

/** Long enough to be asked for a code and type it. */
const patience = 90_000;

/** @throws JitError `ERR_SECRET_UNAVAILABLE` with what to do about it, or as {@link repeat} */
export async function baseKeys(context: Context): Promise<Keys> {
  const { access, shared } = context;
  const { credentials, profile, mfa_serial, token_file, token_role, region, sts_url } = access;
  const long = detached(context, patience);
  const key = JSON.stringify([
    'base',
    credentials,
    profile,
    mfa_serial,
    token_file,
    token_role,
    region,
    sts_url,
  ]);
  if (mfa_serial !== null && !context.mayAsk) {
    const kept = shared.keys.peek(key);
    if (kept) return kept;
    throw new JitError('ERR_SECRET_UNAVAILABLE', `no MFA session for target "${access.target}" yet`);
  }
  return shared.keys.get(key, async () => {
    if (token_file !== null) return webIdentity(long);
    if (credentials === 'default') return fromChain(long);
    const keys = await stored(long);
    return mfa_serial === null
      ? { value: keys, expiresAt: context.tools.clock.now() + 300_000 }
      : withMfa(long, keys);
  });
}

/** `{"AccessKeyId": …, "SecretAccessKey": …, "SessionToken"?: …}`, as credential_process prints it. */
async function stored({ access, tools }: Context): Promise<Keys> {
  const text = (await tools.resolveSecret(access.credentials)).reveal();
  let value: Record<string, unknown> | null = null;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    // Said below: the parser's own message would quote the secret.
  }
  const { AccessKeyId, SecretAccessKey, SessionToken } = value ?? {};
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') {
    throw new JitError(
      'ERR_SECRET_UNAVAILABLE',
      `the credentials of target "${access.target}" are not of the form {"AccessKeyId": …, "SecretAccessKey": …}`,
      {
        hint: 'import the access key again: jit secret set',
      },
    );
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: typeof SessionToken === 'string' ? new Secret(SessionToken) : null,
  };
}

/** Not a role session: AWS does not count what follows as chained. */
async function withMfa(context: Context, keys: Keys): Promise<Perishable<Keys>> {
  const { access, clients, tools, signal } = context;
  const code = await mfaCode(context);
  const request = { SerialNumber: access.mfa_serial ?? '', TokenCode: code, DurationSeconds: 43_200 };
  const asking = { access, what: 'begin an MFA session', ...tools, signal };
  const answer = await repeat(asking, (abortSignal) =>
    clients.sts(keys).send(new GetSessionTokenCommand(request), { abortSignal }),
  );
  return perishable(answer, context);
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

/** What the SDK finds by itself, with the broker's scrubbed environment: files below HOME, processes, the machine's role. */
async function fromChain(context: Context): Promise<Perishable<Keys>> {
  const { access, tools } = context;
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const { profile, region } = access;
  const provide = fromNodeProviderChain({
    ...(profile === null ? {} : { profile }),
    clientConfig: { region },
    mfaCodeProvider: async () => mfaCode(context),
  });
  try {
    const found = await provide();
    const value: Keys = {
      accessKeyId: found.accessKeyId,
      secretAccessKey: new Secret(found.secretAccessKey),
      sessionToken: found.sessionToken === undefined ? null : new Secret(found.sessionToken),
    };
    // Without an end they may still be changed in their file.
    return { value, expiresAt: found.expiration?.getTime() ?? tools.clock.now() + 300_000 };
  } catch (thrown) {
    throw failureOf(thrown, access, 'find credentials');
  }
}
