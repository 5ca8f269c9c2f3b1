// How a child is told about its session: a loopback endpoint that the SDKs ask, and a config of its own, so that nothing
// of the user's wins over it. Keys in the environment only when asked for.

import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Instant } from '../../core/time.ts';
import type { HandOut, PlanRequest } from '../provider.ts';
import type { Context } from './context.ts';
import type { AwsHandle } from './handle.ts';
import type { LeaseSession, Session } from './sessions.ts';

/** What would win over the endpoint or over the keys, in one SDK or another. */
const unset = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_ACCESS_KEY',
  'AWS_SECRET_KEY',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_CREDENTIAL_FILE',
  'AWS_SESSION_EXPIRATION',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWSUME_PROFILE',
  'AWSUME_EXPIRATION',
];

/** Names of the `exports` below. */
export const exportKinds = ['env'] as const;

const iso = (time: Instant): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

export function handOut(
  context: Context,
  handle: AwsHandle,
  session: Session,
  { grant }: Pick<PlanRequest, 'grant'>,
): HandOut {
  const { access, shared, tools } = context;

  /** The newest session while the grant lasts. @throws JitError `ERR_GRANT_ENDED`, `ERR_TARGET_UNREACHABLE` when its keys are over */
  function current(): LeaseSession {
    // A grant that was extended has another session, with a later end than this handle's.
    const newest = shared.sessions.serve(handle.lease);
    if (tools.clock.now() >= newest.deadline) throw new JitError('ERR_GRANT_ENDED', 'the grant has ended');
    if (tools.clock.now() >= newest.expiresAt) {
      const why = `the keys for target "${access.target}" have expired and could not be renewed`;
      throw new JitError('ERR_TARGET_UNREACHABLE', why, { hint: 'jit status' });
    }
    return newest;
  }

  const helper = tools.helperCommand && `${tools.helperCommand} credential aws --grant ${grant}`;
  return {
    env: {
      AWS_REGION: access.region,
      AWS_DEFAULT_REGION: access.region,
      // Prompts know these two (starship, powerlevel10k).
      AWS_VAULT: access.target,
      AWS_CREDENTIAL_EXPIRATION: iso(handle.deadline),
      // Were the endpoint gone, an SDK would go on to the machine's own role: another identity, silently.
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    files: [
      // Keys in the user's own files win over the endpoint in the CLI, boto3 and Go.
      {
        name: 'aws-config',
        variable: 'AWS_CONFIG_FILE',
        content: new Secret(configFile(access.region, helper)),
        lingers: true,
      },
      {
        name: 'aws-credentials',
        variable: 'AWS_SHARED_CREDENTIALS_FILE',
        content: new Secret(''),
        lingers: true,
      },
    ],
    endpoints: [
      {
        urlVariable: 'AWS_CONTAINER_CREDENTIALS_FULL_URI',
        tokenFileVariable: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
        answer: () => containerAnswer(current()),
      },
    ],
    helpers: { aws: () => processAnswer(current()) },
    unset,
    exports: { env: keysOf(handle, session) },
  };
}

/** `[default]` asks nobody else: the endpoint is its source. The profile is for tools that want a `credential_process`. */
function configFile(region: string, helper: string | undefined): string {
  const own = `[default]\nregion = ${region}\n`;
  return helper ? `${own}\n[profile jit]\nregion = ${region}\ncredential_process = ${helper}\n` : own;
}

/** The end that a client is told: never after the grant's own, so that it asks again and hears of the end. */
function endOf({ expiresAt }: Session, deadline: Instant): Instant {
  return Math.min(expiresAt, deadline);
}

/** As the container credential provider of every SDK reads it. */
function containerAnswer(session: LeaseSession): Secret {
  return new Secret(
    JSON.stringify({
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey.reveal(),
      Token: session.sessionToken.reveal(),
      Expiration: iso(endOf(session, session.deadline)),
    }),
  );
}

/** AWS SDKs and Tools reference, "Process credential provider": the fields that a `credential_process` prints. */
function processAnswer(session: LeaseSession): Record<string, string | number> {
  return {
    Version: 1,
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey.reveal(),
    SessionToken: session.sessionToken.reveal(),
    Expiration: iso(endOf(session, session.deadline)),
  };
}

function keysOf(handle: AwsHandle, session: Session): Record<string, Secret> {
  return {
    AWS_ACCESS_KEY_ID: new Secret(session.accessKeyId),
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken,
    AWS_CREDENTIAL_EXPIRATION: new Secret(iso(endOf(session, handle.deadline))),
  };
}
