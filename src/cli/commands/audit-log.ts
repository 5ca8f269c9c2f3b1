// jit audit log: events of the log, one line each. Text of others is escaped.

import { defineCommand, opt } from '../define-command.ts';
import { eventRow, numberText, placeText, providersOf } from '../event-text.ts';
import { listing } from '../listing.ts';
import type { Output } from '../output.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { table } from '../table.ts';

const heads = ['TIME', 'NUMBER', 'EVENT', 'PRINCIPAL', 'TARGET', 'GRANT', 'DATA'];
/** Of everybody: two logs may have the same principal and the same number. */
const storeHeads = ['TIME', 'LOG', 'EVENT', 'PRINCIPAL', 'TARGET', 'GRANT', 'DATA'];

/** Without a heading where it would stand far above the newest events. */
function listText(out: Output, rows: readonly string[][], store: boolean): string[] {
  return out.plain
    ? listing(
        out,
        store ? storeHeads : heads,
        rows.map((cells) => ({ cells })),
      )
    : table(rows);
}

export const auditLog = defineCommand({
  name: 'audit log',
  summary: 'show the audit log: who asked, what was decided, issued and revoked',
  description: [
    'After the time each event has its number, as "jit audit prove" and the evidence of an anomaly name it; in a log before',
    'the newest one with the name of that log.',
  ].join('\n'),
  args: {},
  options: {
    grant: opt.name('grant', 'only events of this grant'),
    target: opt.name('target', 'only events of this target'),
    principal: opt.principal('only events of this principal, e.g. user:alice'),
    since: opt.instant('only events from this time on: 2h (ago), 14:00, 2026-11-22T14:00'),
    until: opt.instant('only events before this time'),
    limit: opt.count('number', 'only the newest this many', 1, 10_000),
    store: opt.flag('of everybody, from the shared store; needs its auditor in the configuration'),
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
    {
      command: 'jit audit log --store --since 1d --target prod-db',
      does: 'what everybody did on one target',
    },
  ],
  async run(world, { options, json }) {
    const { out } = world;
    const { store, ...query } = options;
    const client = store ? null : await reachBroker(world);
    const read = client ? client.audit(query) : (await world.loadOffline()).storeLog(world.config, query);
    const reply = await waiting(world, 'Reading the log', read);
    if (json) out.json(reply);
    else if (reply.events.length === 0) out.note('no such events');
    else {
      const providers = providersOf(reply.events);
      const newest = client && (await client.status()).auditLog.origin;
      const rows = reply.events.map((event) => {
        const [time = '', ...rest] = eventRow(event, providers);
        return [time, newest === null ? placeText(event) : numberText(event, newest), ...rest];
      });
      out.print(listText(out, rows, store).join('\n'));
    }
    return 0;
  },
});
