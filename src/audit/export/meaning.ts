// What each type of event means to somebody who has never heard of jit: a title, how grave it is, how it went.

import type { AnomalySeverity } from '../../core/anomaly.ts';
import type { Json } from '../../core/json.ts';
import type { EventBody, EventType } from '../event.ts';

/** How grave: `info` is the daily business. */
export type Gravity = 'info' | AnomalySeverity;

/** What an event means. */
export interface Meaning {
  readonly title: string;
  readonly gravity: Gravity;
  readonly outcome: 'success' | 'failure';
  /** Why, in words of jit, or as a person typed it; null: nothing is said. */
  readonly why: string | null;
  /** A stable code of what went wrong; null: nothing did. */
  readonly code: string | null;
}

const titles: Readonly<Record<EventType, readonly [title: string, gravity: Gravity, failed?: 'failure']>> = {
  'log.open': ['Audit log opened', 'info'],
  'log.fork': ['Audit log forked', 'critical'],
  'log.rollback_detected': ['Audit log rolled back', 'critical'],
  'key.rotate': ['Signing key of the audit log changed', 'info'],
  'sync.behind': ['Shared store behind', 'medium', 'failure'],
  'sync.caught_up': ['Shared store caught up', 'info'],
  'command.started': ['Command started under a grant', 'info'],
  'command.ended': ['Command under a grant ended', 'info'],
  'anomaly.found': ['Anomaly found', 'medium'],
  'notify.failed': ['Notification failed', 'low', 'failure'],
  'broker.start': ['Broker started', 'info'],
  'broker.stop': ['Broker stopped', 'info'],
  'policy.load': ['Policy loaded', 'info'],
  'grant.requested': ['Access requested', 'info'],
  'grant.approved': ['Access approved', 'info'],
  'grant.denied': ['Access denied', 'low', 'failure'],
  'grant.extension_denied': ['Extension of access denied', 'low', 'failure'],
  'grant.extended': ['Access extended', 'info'],
  'grant.ended': ['Access ended', 'info'],
  'lease.intent': ['Credential about to be issued', 'info'],
  'lease.issued': ['Privilege granted', 'info'],
  'lease.handed_out': ['Credential handed out', 'info'],
  'lease.renewed': ['Credential renewed', 'info'],
  'lease.revoking': ['Credential being revoked', 'info'],
  'lease.step': ['Step of a credential', 'info'],
  'lease.finding': ['Something left behind under a grant', 'medium'],
  'lease.revoked': ['Privilege revoked', 'info'],
  'lease.overdue': ['Credential not confirmed gone', 'high', 'failure'],
  'reconcile.finding': ['Something on a target that no grant explains', 'medium'],
  'revoke.unaudited': ['Credentials revoked without audit', 'high'],
  'clock.step': ['Clock of the machine set', 'medium'],
  'process.signal_probe': ['Probe of the broker by a signal', 'high'],
  'lease.served': ['Credential used', 'info'],
  'lease.refused': ['Use of a credential refused', 'low', 'failure'],
  'lease.console': ['Link to a web console handed out', 'info'],
  'lease.undisclosed': ['Credential that nobody was told', 'medium', 'failure'],
  'log.damaged': ['Audit log damaged', 'critical'],
  'store.rollback_detected': ['Shared store lost acknowledged events', 'high'],
};

/** What `body` means. */
export function meaningOf(body: EventBody): Meaning {
  const [title, gravity, outcome = 'success'] = titles[body.type];
  const data = fieldsOf(body);
  const why = ['why', 'reason', 'detail', 'cause']
    .map((key) => data[key])
    .find((one) => typeof one === 'string');
  const { code, severity } = data;
  return {
    title,
    gravity: body.type === 'anomaly.found' ? (severity as AnomalySeverity) : gravity,
    outcome: body.type === 'command.ended' && data['exit_code'] !== 0 ? 'failure' : outcome,
    why: why ?? null,
    code: typeof code === 'string' ? code : null,
  };
}

/** The fields of `data`, as they are. */
export function fieldsOf(body: EventBody): Readonly<Record<string, Json>> {
  return body.data as Readonly<Record<string, Json>>;
}

/** A text of `data`; null: there is none of this name. */
export function textOf(body: EventBody, key: string): string | null {
  const value = fieldsOf(body)[key];
  return typeof value === 'string' ? value : null;
}
