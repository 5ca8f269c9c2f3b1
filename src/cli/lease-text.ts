// A lease in words: when it ends and who ends it, what cannot be taken back, and what goes wrong with it.

import type { ErrorCode } from '../core/errors.ts';
import type { Instant } from '../core/time.ts';
import type { GrantView, LeaseView } from '../protocol/views.ts';
import type { Paint } from './colour.ts';
import { escapeText } from './escape.ts';
import { clockText } from './time-text.ts';

const failures: Partial<Record<ErrorCode, string>> = {
  ERR_TARGET_UNREACHABLE: 'the target cannot be reached',
  ERR_TARGET_REFUSED: 'the target refuses',
  ERR_SECRET_UNAVAILABLE: "the broker's own credential is not at hand",
  ERR_CONFIG: 'the configuration is not valid',
  ERR_REVOKE_INCOMPLETE: 'something of it is still there',
};

/** Why the last attempt failed: in words, with the code for those who search for it. */
function failureText(code: ErrorCode): string {
  const words = failures[code];
  return words === undefined ? code : `${words}, ${code}`;
}

const vendors: Readonly<Record<string, string>> = {
  aws: 'AWS',
  command: 'the target',
  github: 'GitHub',
  postgres: 'PostgreSQL',
};

/** The vendor of a kind of provider, as it calls itself. */
function vendorName(provider: string): string {
  return (Object.hasOwn(vendors, provider) && vendors[provider]) || escapeText(provider);
}

// Vendors round up to seconds or minutes: below this nobody needs to be told.
const noteworthy = 60_000;

/** What says when a credential ends. */
interface Ends {
  readonly provider: string;
  readonly deadline: Instant;
  readonly hardDeadline: Instant;
}

/** `AWS itself ends it at 14:15`; null when that is about the deadline. */
function hardEndText({ provider, deadline, hardDeadline }: Ends, now: Instant): string | null {
  if (!(hardDeadline - deadline >= noteworthy)) return null;
  return `${vendorName(provider)} itself ends it at ${clockText(hardDeadline, now)}`;
}

/** `ends at 14:05; AWS itself ends it at 14:15`; null when both are about the same. */
export function endsText(ends: Ends, now: Instant): string | null {
  const hard = hardEndText(ends, now);
  return hard === null ? null : `ends at ${clockText(ends.deadline, now)}; ${hard}`;
}

/** `cannot be withdrawn; ends at 14:05`; null for a lease that can be taken back, or is gone. */
export function withdrawalText(lease: LeaseView, now: Instant): string | null {
  const { irrevocableUntil: until, accessEndedAt, state } = lease;
  if (until === null || state === 'revoked') return null;
  if (until <= now) return `ended by itself at ${clockText(until, now)}; not confirmed yet`;
  const held = accessEndedAt === null ? '' : ', and nobody has it';
  return `cannot be withdrawn${held}; ends at ${clockText(until, now)}`;
}

/** What of a grant that is over revoking did not take back, e.g. `its credential cannot be withdrawn; ends at 14:05`; null: nothing. */
export function staysText({ leases }: GrantView, now: Instant): string | null {
  for (const lease of leases) {
    const stays = lease.state === 'overdue' ? null : withdrawalText(lease, now);
    if (stays !== null) return `its credential ${stays}`;
  }
  return null;
}

/** Why what an endpoint serves cannot be made anew, and until when the last one works. */
export function notRefreshedText(lease: LeaseView, now: Instant): string | null {
  if (lease.notRefreshed === null) return null;
  const { code, message } = lease.notRefreshed;
  const until = Math.min(lease.hardDeadline, lease.deadline);
  return `not refreshed: ${escapeText(message)} (${code}); what is served works until ${clockText(until, now)}`;
}

/** What is worth a line of its own about a lease that is not overdue. */
export function leaseNotes(lease: LeaseView, now: Instant, paint: Paint): string[] {
  const name = escapeText(lease.name);
  const notes: string[] = [];
  if (lease.state === 'active') {
    const stays = withdrawalText(lease, now);
    const ends = stays === null ? [endsText(lease, now)] : [stays, hardEndText(lease, now)];
    const told = ends.filter((one) => one !== null).join('; ');
    if (told) notes.push(told);
    const fails = notRefreshedText(lease, now);
    if (fails !== null) notes.push(paint.caution(fails));
  } else if (lease.state === 'revoking') {
    const stays = withdrawalText(lease, now);
    if (stays !== null) notes.push(paint.caution(stays));
  }
  return notes.map((note) => `  ${name}: ${note}`);
}

/** What is being done about a credential that should be gone and is not confirmed gone. */
export function overdueText(lease: LeaseView, now: Instant): string {
  const access =
    lease.accessEndedAt === null
      ? 'ACCESS MAY GO ON'
      : `access ended ${clockText(lease.accessEndedAt, now)}, clean-up remains`;
  if (lease.lastError === 'ERR_AUDIT_INVALID')
    return `${escapeText(lease.name)}: ${access}; what revoking it needs is damaged, take it back by hand`;
  const why = lease.lastError === null ? '' : `: ${failureText(lease.lastError)}`;
  return `${escapeText(lease.name)}: ${access}; the broker keeps trying (attempt ${lease.attempts}${why})`;
}
