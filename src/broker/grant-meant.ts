// Which grant a person means who ends or extends one: by its id, the beginning of it, its target, or target:role. Must not:
// choose between several.

import { formatDuration } from '../core/duration.ts';
import { JitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import type { Instant } from '../core/time.ts';
import type { Broker, Caller } from './broker.ts';
import { isOwn } from './own.ts';

const mostTold = 8;

/** The caller's grants that are active or have something left on a target. */
export function openGrants(broker: Broker, caller: Caller): Grant[] {
  const { ledger } = broker;
  const ids = new Set([
    ...ledger.activeGrants().map(({ id }) => id),
    ...ledger.openLeases().map(({ grant }) => grant),
  ]);
  return [...ids]
    .map((id) => ledger.grant(id))
    .filter((grant): grant is Grant => grant !== null && isOwn(grant, caller));
}

/**
 * @param next the command that does it for the grant of that id
 * @param isPossible where it can be done to some of those that fit, no other is meant
 * @throws JitError `ERR_UNKNOWN_NAME` when none is meant; when several are, with all of them
 */
export function grantMeant(
  broker: Broker,
  caller: Caller,
  word: string,
  next: (id: string) => string,
  isPossible: (grant: Grant) => boolean = () => true,
): Grant {
  const exact = broker.ledger.grant(word);
  if (exact && isOwn(exact, caller)) return exact;
  const named = openGrants(broker, caller)
    .filter((grant) => isMeant(grant, word))
    .sort(byEnd);
  const possible = named.filter(isPossible);
  const fitting = possible.length > 0 ? possible : named;
  const [first, ...others] = fitting;
  if (!first)
    throw new JitError('ERR_UNKNOWN_NAME', `"${word}" is no grant of yours`, { hint: 'jit status' });
  if (others.length === 0) return first;
  const now = broker.clock.now();
  const told = fitting.slice(0, mostTold).map((grant) => described(grant, now));
  const rest = fitting.length - told.length;
  const list = `${told.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  throw new JitError('ERR_UNKNOWN_NAME', `"${word}" fits ${fitting.length} grants: ${list}`, {
    hint: `name one by its id: ${next(first.id)}`,
  });
}

function isMeant({ id, target, role }: Grant, word: string): boolean {
  if (word === '') return false;
  return id.startsWith(word) || target === word || `${target}:${role}` === word;
}

const byEnd = (one: Grant, other: Grant): number => (one.deadline ?? 0) - (other.deadline ?? 0);

function described({ id, target, role, state, deadline }: Grant, now: Instant): string {
  const left = state === 'active' && deadline !== null && deadline > now ? deadline - now : null;
  const ended = state === 'pending' ? 'not issued yet' : 'has ended';
  return `${id} (${target}:${role}, ${left === null ? ended : `${formatDuration(left)} left`})`;
}
