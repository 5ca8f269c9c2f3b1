// jit audit log: events of the log, one line each. Text of others is escaped.

import type { Instant } from '../../core/time.ts';
import type { AuditReply } from '../../protocol/routes.ts';
import { defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { endsText } from '../lease-text.ts';
import { listing } from '../listing.ts';
import type { Output } from '../output.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { table } from '../table.ts';
import { lengthText, stampText } from '../time-text.ts';

type Event = AuditReply['events'][number];

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
        ? value.join(',')
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

/** The kinds of provider that the events tell, by lease. */
function providersOf(events: readonly Event[]): Map<unknown, string> {
  const intents = events.filter(({ body }) => body.type === 'lease.intent');
  return new Map(
    intents.map(({ body }) => [body.lease, String((body.data as { provider?: unknown }).provider)]),
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? escapeText(value) : '-';
}

function row(event: Event, providers: ReadonlyMap<unknown, string>): string[] {
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

const heads = ['TIME', 'EVENT', 'PRINCIPAL', 'TARGET', 'GRANT', 'DATA'];

/** Without a heading where it would stand far above the newest events. */
function listText(out: Output, rows: readonly string[][]): string[] {
  return out.plain
    ? listing(
        out,
        heads,
        rows.map((cells) => ({ cells })),
      )
    : table(rows);
}

export const auditLog = defineCommand({
  name: 'audit log',
  summary: 'show the audit log: who asked, what was decided, issued and revoked',
  args: {},
  options: {
    grant: opt.name('grant', 'only events of this grant'),
    target: opt.name('target', 'only events of this target'),
    principal: opt.principal('only events of this principal, e.g. user:alice'),
    since: opt.instant('only events from this time on: 2h (ago), 14:00, 2026-11-22T14:00'),
    until: opt.instant('only events before this time'),
    limit: opt.count('number', 'only the newest this many', 1, 10_000),
  },
  json: {
    events: [
      {
        leaf: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        body: {
          v: 1,
          origin: 'jit.7h2k',
          seq: '41',
          prev: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
          ts: '2026-11-22T14:32:00.000Z',
          boot: '6f1c',
          mono_ms: '81234',
          type: 'lease.revoked',
          principal: 'user:alice',
          target: 'prod-db',
          grant: 'g7f3k2',
          lease: 'l4k9p1',
          data: { cause: 'expired', attempts: 1, late_ms: 12 },
        },
      },
    ],
  },
  examples: [
    { command: 'jit audit log --since 1d', does: 'the last day' },
    { command: 'jit audit log --grant g7f3k2 --json', does: 'all about one grant, for a script' },
  ],
  async run(world, { options, json }) {
    const { out } = world;
    const client = await reachBroker(world);
    const reply = await waiting(world, 'Reading the log', client.audit(options));
    if (json) out.json(reply);
    else if (reply.events.length === 0) out.note('no such events');
    else {
      const providers = providersOf(reply.events);
      const rows = reply.events.map((event) => row(event, providers));
      out.print(listText(out, rows).join('\n'));
    }
    return 0;
  },
});
