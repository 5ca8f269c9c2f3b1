// When access was given, to whom and to what: the figures behind the charts.

import type { Instant } from '../../core/time.ts';
import { createTally, distributionOf } from './distribution.ts';
import type { GrantDraft } from './register.ts';
import type { Access, Activity, Period, Slot } from './report.ts';

const day = 86_400_000;
const week = 7 * day;
/** The Monday before the epoch began on a Thursday. */
const monday = -3 * day;
/** Targets that have a colour of their own. */
const mostSeries = 5;

/** @param extensionsDenied counted where the events pass by: they belong to no entry */
export function accessOf(grants: readonly GrantDraft[], extensionsDenied: number): Access {
  const given = grants.filter(isGiven);
  const via = createTally();
  for (const grant of given) via.add(grant.via);
  const sum = (of: (grant: GrantDraft) => number): number =>
    grants.reduce((total, grant) => total + of(grant), 0);
  const withText = (of: (grant: GrantDraft) => string | null): number =>
    given.filter((grant) => (of(grant) ?? '').trim() !== '').length;
  return {
    lengths: distributionOf(given.map(({ approvedMs }) => approvedMs ?? 0)),
    scoped: withText(({ scope }) => scope),
    withReason: withText(({ reason }) => reason),
    withTicket: withText(({ ticket }) => ticket),
    extensions: sum(({ extensions }) => extensions),
    extensionsDenied,
    via: via.counts(),
    served: sum(({ served }) => served),
    commands: sum(({ commands }) => commands),
  };
}

/** Approved, and asked for in the period. */
export const isGiven = (grant: GrantDraft): boolean => !grant.isCarried && grant.outcome === 'approved';

export function activityOf(grants: readonly GrantDraft[], period: Period): Activity {
  const given = grants.filter(isGiven);
  const [people, roles, entitlements, targets] = [createTally(), createTally(), createTally(), createTally()];
  const hours = Array.from({ length: 7 }, () => new Array<number>(24).fill(0));
  for (const { principal, target, role, entitlement, requestedAt } of given) {
    people.add(principal);
    targets.add(target);
    roles.add(`${target}:${role}`);
    entitlements.add(entitlement ?? '');
    const date = new Date(requestedAt);
    const row = hours[(date.getUTCDay() + 6) % 7];
    if (row) row[date.getUTCHours()] = (row[date.getUTCHours()] ?? 0) + 1;
  }
  const names = targets.counts().map(({ name }) => name);
  const hasOthers = names.length > mostSeries + 1;
  const series = hasOthers ? [...names.slice(0, mostSeries), 'all others'] : names;
  const unit = unitOf(period);
  return {
    unit,
    series,
    slots: slotsOf(given, period, unit, names, series.length),
    hours,
    people: people.counts(),
    roles: roles.counts(),
    entitlements: entitlements.counts(),
  };
}

function unitOf({ from, to }: Period): Activity['unit'] {
  const days = (to - from) / day;
  return days <= 62 ? 'day' : days <= 750 ? 'week' : 'month';
}

/** The beginning of the day, week or month that `at` is in, UTC. */
function slotAt(at: Instant, unit: Activity['unit']): Instant {
  if (unit === 'day') return Math.floor(at / day) * day;
  if (unit === 'week') return Math.floor((at - monday) / week) * week + monday;
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function next(at: Instant, unit: Activity['unit']): Instant {
  if (unit !== 'month') return at + (unit === 'day' ? day : week);
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

function slotsOf(
  given: readonly GrantDraft[],
  { from, to }: Period,
  unit: Activity['unit'],
  targets: readonly string[],
  series: number,
): Slot[] {
  const slots = new Map<Instant, number[]>();
  for (let at = slotAt(from, unit); at < to; at = next(at, unit)) slots.set(at, new Array(series).fill(0));
  const indexOf = new Map(targets.map((target, index) => [target, Math.min(index, series - 1)]));
  for (const { requestedAt, target } of given) {
    const counts = slots.get(slotAt(requestedAt, unit));
    const index = indexOf.get(target) ?? 0;
    if (counts) counts[index] = (counts[index] ?? 0) + 1;
  }
  return [...slots].map(([at, counts]) => ({
    from: at,
    total: counts.reduce((sum, count) => sum + count, 0),
    counts,
  }));
}
