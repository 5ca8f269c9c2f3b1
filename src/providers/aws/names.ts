// Names of a session, derived from principal and lease, so that a crash leaves something to look for and to deny.

import { createHash } from 'node:crypto';
import { JitError } from '../../core/errors.ts';

/** STS API reference: RoleSessionName and SourceIdentity have 2 to 64 of these characters. */
const longest = 64;
const outside = /[^A-Za-z0-9_+=,.@-]+/g;

/**
 * What a principal becomes: `user:alice` is `alice`, `job:github/acme#1` is `job-github-acme-1`. Names that had to be
 * changed or cut end in eight characters of their SHA-256, so that no two principals become one.
 */
function plain(principal: string, length: number): string {
  const name = principal.startsWith('user:') ? principal.slice(5) : principal;
  const isUser = principal.startsWith('user:');
  const clean = name.replace(outside, '-').replace(/^-+/, '');
  const isSame = clean === name && clean.length >= 2 && clean.length <= length && isUser;
  if (isSame) return clean;
  const digest = createHash('sha256').update(principal).digest('hex').slice(0, 8);
  return `${clean.slice(0, length - 9)}-${digest}`;
}

/** Says who, in CloudTrail and through every role that is assumed from the session. */
export function sourceIdentity(principal: string): string {
  return plain(principal, longest);
}

/** `<principal>+<lease>`: unique, and the lease is whole. @throws JitError `ERR_INTERNAL` for a lease that does not fit. */
export function sessionName(principal: string, lease: string): string {
  if (!/^[a-z0-9_-]{1,32}$/.test(lease)) {
    throw new JitError('ERR_INTERNAL', 'the id of the lease cannot be part of a session name');
  }
  return `${plain(principal, longest - lease.length - 1)}+${lease}`;
}

/** The policy that one broker keeps its denied sessions in: brokers never write each other's. */
export function denyPolicyName(origin: string): string {
  const digest = createHash('sha256').update(origin).digest('hex').slice(0, 16);
  return `jit-deny-sessions-${digest}`;
}

/** The part of a role's ARN that IAM calls its name. */
export function roleNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** A tag's value: what it may not hold becomes `-`. */
export function tagValue(text: string): string {
  return text
    .replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]+/gu, '-')
    .slice(0, 256)
    .toWellFormed();
}
