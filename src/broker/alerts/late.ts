// Alerts that a broker before this one did not get through, as they are told now: a few that are fresh, each by itself, and
// the rest in one. Pure.

import { type Alert, isNoWorse } from '../../core/alert.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';

/** An alert with its place in the log. */
export interface Placed {
  readonly alert: Alert;
  readonly row: number;
}

/** What is older is no call to act at once. */
const fresh: Milliseconds = 3600_000;
/** More than this are a storm. */
const mostEach = 5;

/**
 * @param waiting in the order of the log
 * @param unread events before those that nobody looks at any more, being too many
 * @param from the row of the first event that is meant
 */
export function lateAlerts(waiting: readonly Placed[], unread: number, from: number, now: Instant): Placed[] {
  // Not in order of time: a clock may have been set back between them.
  const each = waiting.slice(-mostEach).filter(({ alert }) => now - alert.at <= fresh);
  const rest = waiting.filter((one) => !each.includes(one));
  const [alone] = rest;
  const few = unread === 0 && (alone === undefined || rest.length === 1);
  const told = few ? waiting : [{ alert: summaryOf(rest, unread, now), row: from }, ...each];
  return told.map(({ alert, row }) => ({ row, alert: { ...alert, late: true, text: lateText(alert.text) } }));
}

/** As `--since` takes it: that event included. */
const secondOf = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

const lateText = (text: string): string => `${text} (told late: jit ended before it got through)`;

function summaryOf(rest: readonly Placed[], unread: number, now: Instant): Alert {
  const all = rest.map(({ alert }) => alert);
  const worst = all.reduce<Alert['severity']>(
    (found, { severity }) => (isNoWorse(severity, found) ? found : severity),
    all.length > 0 ? 'low' : 'medium',
  );
  const counts = (['critical', 'high', 'medium', 'low'] as const)
    .map((severity) => [all.filter((alert) => alert.severity === severity).length, severity] as const)
    .filter(([count]) => count > 0)
    .map(([count, severity]) => `${count} ${severity}`);
  // Too many to be arguments, perhaps.
  const earliest = all.reduce((found, { at }) => Math.min(found, at), all[0]?.at ?? now);
  const latest = all.reduce((found, { at }) => Math.max(found, at), all[0]?.at ?? now);
  const [first, last] = [secondOf(earliest), secondOf(latest)];
  const what =
    all.length === 0 ? [] : [`${all.length} alerts waited: ${counts.join(', ')}, from ${first} to ${last}`];
  const beyond = unread === 0 ? [] : [`${unread} events of the log were not looked through for alerts`];
  return {
    type: 'alerts.summary',
    severity: worst,
    text: [...what, ...beyond].join('; '),
    see: all.length === 0 ? 'jit audit log' : `jit audit log --since ${first}`,
    at: latest,
    event: all.at(-1)?.event ?? '',
    ...{ rule: null, principal: null, target: null, grant: null, lease: null, late: true },
  };
}
