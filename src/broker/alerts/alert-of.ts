// Which events people are told of, and in which words. Pure; names and sentences, never a secret.

import type { EventBody, EventData, EventType } from '../../audit/event.ts';
import { type Alert, isNoWorse } from '../../core/alert.ts';
import type { AnomalyRule } from '../../core/anomaly.ts';
import { lossAtStore } from '../../core/store-loss.ts';

type Telling = Pick<Alert, 'severity' | 'text' | 'see'> & { readonly rule?: string };

const tellings: {
  readonly [Type in EventType]?: (data: EventData[Type], body: EventBody) => Telling | null;
} = {
  'anomaly.found': ({ rule, severity, why, action }, { grant }) => {
    if (action === 'observe') return null;
    const ends = action === 'revoke' && grant !== undefined ? `; grant ${grant} is ended` : '';
    const see = grant === undefined ? 'jit audit log --since 1h' : `jit audit log --grant ${grant}`;
    return { rule, severity, text: `${why}${ends}`, see };
  },
  'lease.overdue': ({ attempts, code }, { target = 'a target' }) => ({
    severity: 'high',
    text: `a credential on ${target} should be gone and is not confirmed gone (${attempts} attempts, ${code})`,
    see: `jit doctor ${target}`,
  }),
  'log.fork': ({ previous, known, reason }, { origin }) => ({
    severity: 'critical',
    text: `a new log, ${origin}, goes on from ${previous.origin} at ${previous.size} events${known ? `; ${known.size} were known of ${known.origin}` : ''}: ${proseOf(reason)}`,
    see: 'jit doctor',
  }),
  'log.rollback_detected': ({ from, size, known }) => ({
    severity: 'critical',
    text: `the audit log has ${size} events and does not lead to the head of ${known.size} that is kept elsewhere (${from}); nothing is issued`,
    see: 'jit audit verify',
  }),
  'log.damaged': ({ what }) => ({
    severity: 'critical',
    text: `the audit log is damaged: ${what}; nothing is issued`,
    see: 'jit audit verify',
  }),
  'store.rollback_detected': (loss) => ({
    severity: 'high',
    text: lossAtStore(loss, null),
    see: 'jit audit sync --status',
  }),
  'sync.behind': ({ events, since, code }) => ({
    severity: 'medium',
    text: `the shared store has not acknowledged ${events} events, the oldest of ${since}${code === null ? '' : ` (${code})`}`,
    see: 'jit doctor',
  }),
};

const longest = 500;

/** What somebody wrote, as a part of one line that acts on nothing. */
function proseOf(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Cs}]/gu, '')
    .trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

/** The alert that tells `body`; null: nobody needs to be told. */
export function alertOf(body: EventBody): Alert | null {
  const tell = tellings[body.type] as ((data: unknown, body: EventBody) => Telling | null) | undefined;
  const told = tell?.(body.data, body);
  if (!told) return null;
  return {
    type: body.type,
    severity: told.severity,
    text: told.text,
    see: told.see,
    at: Date.parse(body.ts),
    event: `${body.origin}:${body.seq}`,
    rule: told.rule ?? null,
    principal: body.principal ?? null,
    target: body.target ?? null,
    grant: body.grant ?? null,
    lease: body.lease ?? null,
    late: false,
  };
}

/** Rules that find, in one event that is told anyway, what that event says. The event says more. */
const echoing: readonly string[] = ['overdue-revocation', 'log-tampering'] satisfies readonly AnomalyRule[];

/**
 * As {@link alertOf}, but one fact is one alert: what a rule finds in a single event that people are told of is not told
 * again, unless it is worse, such as that a credential is still there after `critical`.
 * @param find the event of that log with that sequence number
 */
export function newsOf(
  body: EventBody,
  find: (origin: string, seq: string) => EventBody | null,
): Alert | null {
  const alert = alertOf(body);
  if (alert?.rule == null || !echoing.includes(alert.rule)) return alert;
  const { evidence } = body.data as unknown as EventData['anomaly.found'];
  const [seq, ...more] = evidence;
  const shown = seq === undefined || more.length > 0 ? null : find(body.origin, seq);
  const told = shown && alertOf(shown);
  return told && isNoWorse(alert.severity, told.severity) ? null : alert;
}
