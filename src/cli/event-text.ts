// Events of the log in words: one line each, for people. Text of others is escaped.

import type { Instant } from '../core/time.ts';
import type { AuditReply } from '../protocol/routes.ts';
import { escapeText } from './escape.ts';
import { endsText } from './lease-text.ts';
import { lengthText, stampText } from './time-text.ts';

/** An event as the broker tells it. */
export type Event = AuditReply['events'][number];

// Long values that a person cannot read; --json has them.
const unreadable = new Set([
  'digest',
  'policy',
  'handle',
  'peer',
  'parent',
  'hardening',
  'facts',
  'entitlement',
]);

const utc = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Points in time by the user's own clock; any other text as it is. */
function localTime(text: string): string {
  return utc.test(text) ? stampText(Date.parse(text)) : text;
}

function valueText(key: string, value: unknown): string {
  if (key.endsWith('_ms') && typeof value === 'number') return `${key.slice(0, -3)}=${lengthText(value)}`;
  const text =
    typeof value === 'string'
      ? localTime(value)
      : Array.isArray(value)
        ? value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(',')
        : JSON.stringify(value);
  const shown = escapeText(text ?? '');
  return `${escapeText(key)}=${/[\s"]/.test(shown) ? `"${shown.replaceAll('"', '\\"')}"` : shown}`;
}

// Facts of a step that say when or why; the others are for --json.
const telling = ['until', 'at', 'code'];

function tellingFacts(data: object): object {
  const facts = 'step' in data && 'facts' in data ? data.facts : null;
  if (typeof facts !== 'object' || facts === null) return {};
  return Object.fromEntries(Object.entries(facts).filter(([key]) => telling.includes(key)));
}

const instant = (value: unknown): Instant => (typeof value === 'string' ? Date.parse(value) : Number.NaN);

/** When the credential ends and when the vendor ends it, where these are two times: `ends at 14:05; AWS itself …`. */
function bothEnds(data: Readonly<Record<string, unknown>>, provider: string, at: Instant): string | null {
  const deadline = instant(data.deadline);
  const hardDeadline = instant(data.hard_deadline ?? data.expires);
  return endsText({ provider, deadline, hardDeadline }, at);
}

/** The readable part of an event's data: `role=read duration=30m reason="INC-4711 restore"`. */
function dataText({ body }: Event, providers: ReadonlyMap<unknown, string>): string {
  if (typeof body.data !== 'object' || body.data === null) return '';
  const data = { ...body.data, ...tellingFacts(body.data) } as Readonly<Record<string, unknown>>;
  const ends = bothEnds(data, providers.get(body.lease) ?? 'the target', instant(body.ts));
  const said = ends === null ? [] : ['deadline', 'hard_deadline', 'expires'];
  return Object.entries(data)
    .filter(([key, value]) => value !== null && !unreadable.has(key) && !said.includes(key))
    .map(([key, value]) => valueText(key, value))
    .concat(ends ?? [])
    .join(' ');
}

/** The kinds of provider that the events tell, by lease. The shared store has events of brokers that need not be jit's. */
export function providersOf(events: readonly Event[]): Map<unknown, string> {
  const told = new Map<unknown, string>();
  for (const { body } of events) {
    const { provider } = (body.data ?? {}) as { provider?: unknown };
    if (body.type === 'lease.intent' && typeof provider === 'string') told.set(body.lease, provider);
  }
  return told;
}

function text(value: unknown): string {
  return typeof value === 'string' ? escapeText(value) : '-';
}

/** Where an event stands among the logs of everybody, as `--after` and `jit audit prove` take it: `jit.7h2k:41`. */
export function placeText({ body }: Event): string {
  return `${text(body.origin)}:${escapeText(String(body.seq))}`;
}

/** The same among the logs of one broker: the number alone in `newest`, as `jit audit prove` takes it. */
export function numberText(event: Event, newest: string): string {
  const { origin, seq } = event.body;
  return origin === newest ? escapeText(String(seq)) : placeText(event);
}

/** Which of two logs of one broker began later: each after a fork has a higher number (`jit.7h2k/2`). */
export function laterLog(one: string, other: string): string {
  const numberOf = (origin: string): number => Number(origin.split('/')[1] ?? 1);
  return numberOf(other) > numberOf(one) ? other : one;
}

/** Time, type, principal, target, grant, and what else it tells. */
export function eventRow(event: Event, providers: ReadonlyMap<unknown, string>): string[] {
  const { body } = event;
  const at = typeof body.ts === 'string' ? Date.parse(body.ts) : Number.NaN;
  const time = Number.isNaN(at) ? text(body.ts) : stampText(at);
  return [
    time,
    text(body.type),
    text(body.principal),
    text(body.target),
    text(body.grant),
    dataText(event, providers),
  ];
}
