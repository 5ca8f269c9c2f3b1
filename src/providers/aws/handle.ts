// The handle of a lease on AWS: the full recipe to deny and confirm it, without any look into the configuration.

import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';

/** Where AWS is and as whom the broker signs. Holds references to secrets, never a secret. */
export type Access = {
  readonly target: string;
  readonly region: string;
  readonly sts_url: string | null;
  readonly iam_url: string | null;
  readonly signin_url: string | null;
  /** `default`, or a reference to an access key. */
  readonly credentials: string;
  readonly profile: string | null;
  readonly mfa_serial: string | null;
  readonly mfa_process: string | null;
  readonly token_file: string | null;
  readonly token_role: string | null;
};

/** What revocation needs. A type and not an interface, so that it is JSON to the compiler. */
export type AwsHandle = {
  readonly access: Access;
  readonly lease: string;
  readonly role_arn: string;
  readonly chain: readonly string[];
  readonly external_id: string | null;
  readonly session_name: string;
  readonly source_identity: string | null;
  /** Every tag of the session; the lease is among them when sessions are tagged. */
  readonly tags: Readonly<Record<string, string>>;
  readonly transitive: boolean;
  readonly revoke: 'deny-session' | 'none';
  readonly revoke_role: string | null;
  readonly policy_name: string;
  readonly deadline: Instant;
  /** No session of this lease lives longer by AWS's clock, however often it was renewed. */
  readonly ends_by: Instant;
  /** Null until issued: then nobody was ever given a key of this lease. No secret. */
  readonly access_key_id: string | null;
};

/** The tag that trust policies require and that a Deny names. */
export const leaseTag = 'jit:lease';

const shape = {
  access: 'object',
  lease: 'string',
  role_arn: 'string',
  chain: 'object',
  session_name: 'string',
  tags: 'object',
  revoke: 'string',
  policy_name: 'string',
  deadline: 'number',
  ends_by: 'number',
} as const satisfies Partial<Record<keyof AwsHandle, string>>;

/** Checks a handle that was read back. @throws JitError `ERR_INTERNAL` when it is none. */
export function checkHandle(handle: AwsHandle): AwsHandle {
  for (const [key, type] of Object.entries(shape)) {
    if (typeof handle?.[key as keyof AwsHandle] !== type) {
      throw new JitError('ERR_INTERNAL', `the recorded handle of an AWS lease has no usable "${key}"`);
    }
  }
  return handle;
}

/** AWS's clock and this one may differ; a session counts as expired only this long after its end, milliseconds. */
const expiryGrace = 60_000;

/**
 * A Deny stays for this long after the end of its session. AWS takes signatures of clocks that are five minutes off, to
 * either side: between making a session and removing its Deny this clock may have moved by ten against AWS's.
 */
export const denyGrace = 11 * 60_000;

/** True when AWS has ended every session of the lease by itself, if this clock can be trusted. */
export function hasExpired(handle: AwsHandle, now: Instant): boolean {
  return now >= handle.ends_by + expiryGrace;
}
