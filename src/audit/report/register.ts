// The register: every request of the period, and every grant that was there when it began, with its credentials.

import type { Instant } from '../../core/time.ts';
import type { EventBody } from '../event.ts';
import { deviceOf } from '../origin.ts';
import { told } from '../rules/rule.ts';
import type { GrantEntry, LeaseEntry } from './entries.ts';
import { instantOf, type Seen } from './place.ts';

type Draft<Entry> = { -readonly [Key in keyof Entry]: Entry[Key] };

interface LeaseDraft extends Draft<LeaseEntry> {
  deadlineAt: Instant | null;
  revokingAt: Instant | null;
  isIntended: boolean;
  /** What of it was in the period. */
  begunIn: boolean;
  goneIn: boolean;
  overdueIn: boolean;
}

/** A grant while its events pass by. */
export interface GrantDraft extends Draft<Omit<GrantEntry, 'leases'>> {
  leases: LeaseDraft[];
}

/** What passed by. */
export interface Register {
  see(seen: Seen): void;
  /** In order of request. */
  grants(): GrantDraft[];
  /** Names of events that issued a credential without a grant that had been approved and was not over. */
  readonly unapproved: readonly string[];
  /** Names of the first events in the period of grants that no request is on record for. */
  readonly unrequested: readonly string[];
}

/** An empty register. */
export function createRegister(): Register {
  /** By broker and id: what one broker calls a grant says nothing of another's. */
  const grants = new Map<string, GrantDraft>();
  const unapproved: string[] = [];
  const unrequested: string[] = [];
  /** Grants that were asked for, or are told of as never asked for. */
  const known = new Set<string>();

  /** The grant of `event`. One that nobody asked for, as far as this log tells, is none. */
  function grantOf({ event, at, isIn, name }: Seen): GrantDraft | null {
    const { grant: id, origin } = event;
    if (id === undefined) return null;
    const key = `${deviceOf(origin)} ${id}`;
    const request = told(event, 'grant.requested');
    if (!request) {
      if (!isIn || known.has(key)) return grants.get(key) ?? null;
      unrequested.push(name());
    }
    known.add(key);
    if (!request) return null;
    const { role, scope, reason, ticket, via, parent, duration_ms: askedMs } = request;
    const { principal = '', target = '' } = event;
    const asked = { id, principal, target, role, scope, reason, ticket, via, parent, askedMs };
    const draft = {
      ...asked,
      ...undecided,
      isCarried: !isIn,
      requestedAt: at,
      requestedEvent: name(),
      leases: [],
    };
    grants.set(key, draft);
    return draft;
  }

  return {
    unapproved,
    unrequested,
    grants: () => [...grants.values()].filter((grant) => !grant.isCarried || grant.outcome === 'approved'),
    see(seen) {
      const grant = grantOf(seen);
      const { event, isIn, name } = seen;
      if (isIn && beginsUnapproved(event, grant)) unapproved.push(name());
      if (!grant) return;
      decide(grant, seen);
      go(grant, seen);
      // What was over before the period is no part of it.
      if (!isIn && isOver(grant)) grants.delete(`${deviceOf(event.origin)} ${grant.id}`);
    },
  };
}

const undecided = {
  outcome: 'undecided',
  approvedMs: null,
  entitlement: null,
  policy: null,
  why: null,
  code: null,
  extensions: 0,
  decidedAt: null,
  deadlineAt: null,
  endedAt: null,
  cause: null,
  usedMs: null,
  served: 0,
  commands: 0,
  decidedEvent: null,
  endedEvent: null,
} as const satisfies Partial<GrantEntry>;

/** A credential is announced before it is issued; one that was not is as bad as one without a grant. */
function beginsUnapproved({ type, lease }: EventBody, grant: GrantDraft | null): boolean {
  if (type !== 'lease.intent' && type !== 'lease.issued') return false;
  const isAnnounced = grant?.leases.some(({ id, isIntended }) => id === lease && isIntended) ?? false;
  if (type === 'lease.issued' && isAnnounced) return false;
  return type === 'lease.issued' || grant?.outcome !== 'approved' || grant.endedAt !== null;
}

function isOver(grant: GrantDraft): boolean {
  const isDecided = grant.outcome === 'denied' || grant.endedAt !== null;
  return isDecided && grant.leases.every(({ revokedAt }) => revokedAt !== null);
}

function decide(grant: GrantDraft, { event, at, name }: Seen): void {
  const approved = told(event, 'grant.approved');
  const denied = told(event, 'grant.denied');
  const decided = approved ?? denied;
  if (!decided) return;
  grant.outcome = approved ? 'approved' : 'denied';
  grant.entitlement = decided.entitlement;
  grant.policy = decided.policy;
  grant.why = decided.why;
  grant.code = denied?.code ?? null;
  grant.approvedMs = approved?.duration_ms ?? null;
  grant.deadlineAt = approved ? instantOf(approved.deadline) : null;
  grant.decidedAt = at;
  grant.decidedEvent = name();
}

function go(grant: GrantDraft, seen: Seen): void {
  const { event, at, isIn, name } = seen;
  if (event.lease !== undefined) goLease(leaseOf(grant, event.lease), seen);
  const extended = told(event, 'grant.extended');
  if (extended) {
    grant.deadlineAt = instantOf(extended.deadline);
    if (isIn) grant.extensions += 1;
  }
  const ended = told(event, 'grant.ended');
  if (ended) {
    grant.endedAt = at;
    grant.cause = ended.cause;
    grant.usedMs = ended.used_ms;
    grant.endedEvent = name();
  }
  if (!isIn) return;
  if (event.type === 'command.started') grant.commands += 1;
  grant.served += told(event, 'lease.served')?.count ?? 0;
}

function leaseOf(grant: GrantDraft, id: string): LeaseDraft {
  const known = grant.leases.find((lease) => lease.id === id);
  if (known) return known;
  const lease: LeaseDraft = {
    id,
    provider: null,
    name: null,
    issuedAt: null,
    expiresAt: null,
    revokedAt: null,
    cause: null,
    attempts: 0,
    lateMs: null,
    tookMs: null,
    overdueAt: null,
    issuedEvent: null,
    revokedEvent: null,
    deadlineAt: null,
    revokingAt: null,
    isIntended: false,
    begunIn: false,
    goneIn: false,
    overdueIn: false,
  };
  grant.leases.push(lease);
  return lease;
}

function goLease(lease: LeaseDraft, { event, at, isIn, name }: Seen): void {
  begin(lease, event, isIn);
  const issued = told(event, 'lease.issued');
  if (issued) {
    lease.issuedAt = at;
    lease.expiresAt = instantOf(issued.expires);
    lease.issuedEvent = name();
  }
  if (event.type === 'lease.revoking') lease.revokingAt ??= at;
  const overdue = told(event, 'lease.overdue');
  if (overdue) {
    lease.overdueAt ??= at;
    lease.overdueIn ||= isIn;
    lease.attempts = overdue.attempts;
    lease.cause = overdue.cause;
  }
  const revoked = told(event, 'lease.revoked');
  if (revoked) {
    lease.revokedAt = at;
    lease.cause = revoked.cause;
    lease.attempts = revoked.attempts;
    lease.lateMs = revoked.late_ms;
    lease.tookMs = lease.revokingAt === null ? null : Math.max(0, at - lease.revokingAt);
    lease.revokedEvent = name();
    lease.goneIn = isIn;
  }
}

function begin(lease: LeaseDraft, event: EventBody, isIn: boolean): void {
  const intent = told(event, 'lease.intent');
  if (intent) {
    lease.provider = intent.provider;
    lease.name = intent.name;
    lease.deadlineAt = instantOf(intent.deadline);
    lease.isIntended = true;
    lease.begunIn = isIn;
  }
  const deadline = told(event, 'lease.renewed')?.deadline ?? told(event, 'lease.issued')?.deadline;
  if (deadline !== undefined) lease.deadlineAt = instantOf(deadline);
}

/** Names of grants that more than one device has used, in order. */
export function sharedNames(grants: readonly GrantDraft[]): string[] {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { id } of grants) (seen.has(id) ? shared : seen).add(id);
  return [...shared].sort();
}

/** What the report says of `draft`. */
export function entryOf({ leases, ...grant }: GrantDraft): GrantEntry {
  return { ...grant, leases: leases.map(leaseEntryOf) };
}

function leaseEntryOf(lease: LeaseDraft): LeaseEntry {
  const { deadlineAt: _1, revokingAt: _2, isIntended: _3, begunIn: _4, goneIn: _5, ...rest } = lease;
  const { overdueIn: _6, ...entry } = rest;
  return entry;
}
