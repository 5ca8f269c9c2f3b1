// The keys inside an answer of STS. What is incomplete is no answer.

import { JitError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import type { Access } from './handle.ts';
import type { Session } from './sessions.ts';

/** The part of an answer that holds keys. */
export interface Answered {
  readonly Credentials?:
    | {
        readonly AccessKeyId: string | undefined;
        readonly SecretAccessKey: string | undefined;
        readonly SessionToken: string | undefined;
        readonly Expiration: Date | undefined;
      }
    | undefined;
}

/** @throws JitError `ERR_REVOKE_INCOMPLETE`: AWS answered yes, and no key can be read */
export function sessionOf({ Credentials }: Answered, access: Access): Session {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
  const expiresAt = Expiration?.getTime() ?? Number.NaN;
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Number.isNaN(expiresAt)) {
    throw new JitError(
      'ERR_REVOKE_INCOMPLETE',
      `AWS of target "${access.target}" answered without keys: a session may exist that nobody holds the keys of`,
    );
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: new Secret(SecretAccessKey),
    sessionToken: new Secret(SessionToken),
    expiresAt,
  };
}
