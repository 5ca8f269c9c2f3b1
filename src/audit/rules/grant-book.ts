// What the log has told of each grant so far, for rules whose event names only its id.

import type { Instant, Milliseconds } from '../../core/time.ts';
import type { EventBody } from '../event.ts';
import { createMemory } from './memory.ts';
import { told } from './rule.ts';

/** A grant as its events tell it. */
export interface KnownGrant {
  readonly id: string;
  readonly principal: string;
  readonly target: string;
  readonly role: string;
  readonly scope: string | null;
  readonly reason: string | null;
  readonly parent: string | null;
  readonly requestedSeq: string;
  /** How long it was approved for, else how long was asked for; null: as long as the policy gives. */
  readonly duration: Milliseconds | null;
  readonly extensions: readonly string[];
  readonly endedAt: Instant | null;
}

/** More than any line that a rule may draw at, so that the line is crossed once. */
const mostExtensions = 101;

/** Grants that are remembered; those unchanged for longest are forgotten first. */
export interface GrantBook {
  /** Takes `event` in and answers its grant, if it has one that was seen from its request on. */
  see(event: EventBody, at: Instant): KnownGrant | null;
}

/** An empty book. */
export function createGrantBook(): GrantBook {
  const grants = createMemory<KnownGrant>();
  return {
    see(event, at) {
      const { grant: id } = event;
      if (id === undefined) return null;
      const known = grants.get(id) ?? null;
      const next = withEvent(known, id, event, at);
      if (next && next !== known) grants.set(id, next);
      return next;
    },
  };
}

function withEvent(known: KnownGrant | null, id: string, event: EventBody, at: Instant): KnownGrant | null {
  const request = told(event, 'grant.requested');
  if (request) {
    const { role, scope, reason, parent, duration_ms: duration } = request;
    const { principal = '', target = '', seq: requestedSeq } = event;
    const names = { id, principal, target, role, scope, reason, parent, requestedSeq };
    return { ...names, duration, extensions: [], endedAt: null };
  }
  if (!known) return null;
  const approved = told(event, 'grant.approved');
  if (approved) return { ...known, duration: approved.duration_ms };
  if (event.type === 'grant.extended') {
    return { ...known, extensions: [...known.extensions, event.seq].slice(-mostExtensions) };
  }
  return event.type === 'grant.ended' ? { ...known, endedAt: at } : known;
}

/** Whether one length of time is more than another in earnest: how long something took is not in it. */
export const isLonger = (one: Milliseconds, other: Milliseconds): boolean => one - other >= 1_000;
