// jit audit tail: the newest events of the log, and with -f those that come. A line each, or a line of JSON each.

import type { FollowReply } from '../../protocol/usage.ts';
import { defineCommand, opt } from '../define-command.ts';
import { eventRow, laterLog, numberText, providersOf } from '../event-text.ts';
import { followLog } from '../follow-log.ts';
import { toJsonValue } from '../json.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { table, widthOf } from '../table.ts';
import type { World } from '../world.ts';

type Events = FollowReply['events'];

const usualLines = 10;
/** More leases than are ever open at once. */
const mostLeases = 10_000;

/** @param log the newest, as far as is known */
function printer({ out }: World, json: boolean, log: string): (events: Events) => void {
  let newest = log;
  // What a lease is of is told once, at its beginning, and shown with what comes later.
  const providers = new Map<unknown, string>();
  const widths: number[] = [];
  return (events) => {
    if (json) {
      for (const event of events) out.print(JSON.stringify(toJsonValue(event)));
      return;
    }
    for (const [lease, provider] of providersOf(events)) providers.set(lease, provider);
    // Those that began longest ago go first: this may run for months.
    for (const lease of providers.keys()) if (providers.size > mostLeases) providers.delete(lease);
    if (events.length === 0) return;
    const rows = events.map((event) => {
      if (typeof event.body.origin === 'string') newest = laterLog(newest, event.body.origin);
      const [time = '', ...rest] = eventRow(event, providers);
      return [time, numberText(event, newest), ...rest];
    });
    // Columns stay where they were: a line that is longer moves those below it.
    const blanks = rows[0]?.map((_, column) => ' '.repeat(widths[column] ?? 0)) ?? [];
    const lines = table([blanks, ...rows]).slice(1);
    for (const row of rows)
      for (const [column, cell] of row.slice(0, -1).entries())
        widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    out.print(lines.join('\n'));
  };
}

export const auditTail = defineCommand({
  name: 'audit tail',
  summary: 'show the newest events of the audit log, and those that come',
  description: [
    'With --follow it goes on until Ctrl-C, also over a restart of the broker, and misses nothing. --json prints one event',
    'as a line of JSON, as it comes.',
  ].join('\n'),
  args: {},
  options: {
    follow: opt.flag('go on with what is written from now on', { short: 'f' }),
    lines: opt.count('number', 'how many of the newest to begin with, 10 unless given', 1, 1_000),
    target: opt.name('target', 'only events of this target'),
    grant: opt.name('grant', 'only events of this grant'),
  },
  json: {
    leaf: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    body: {
      v: 1,
      origin: 'jit.7h2k',
      seq: '41',
      prev: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
      ts: '2026-11-22T14:32:00.000Z',
      boot: '6f1c',
      mono_ms: '81234',
      type: 'command.ended',
      principal: 'user:alice',
      target: 'prod-db',
      grant: 'g7f3k2',
      data: { kind: 'command', pid: 4711, exit_code: 3, ran_ms: 1200 },
    },
  },
  examples: [
    { command: 'jit audit tail -f', does: 'everything, as it happens' },
    { command: 'jit audit tail --lines 50 --target prod-db', does: 'the newest of one target' },
    { command: 'jit audit tail -f --json > events.jsonl', does: 'for a script: a line of JSON each' },
  ],
  async run(world, { options, json }) {
    const { target, grant } = options;
    const client = await reachBroker(world);
    const limit = options.lines ?? usualLines;
    const asked = client.follow({ after: null, limit, target, grant, timeout: 0 });
    const { events, next } = await waiting(world, 'Reading the log', asked);
    const print = printer(world, json, json ? '' : (await client.status()).auditLog.origin);
    print(events);
    if (!options.follow) {
      if (events.length === 0 && !json) world.out.note('no such events');
      return 0;
    }
    const { signal } = new AbortController();
    const lost = (): void => world.out.warn('the broker has gone; waiting for the next one');
    const found = (): void => world.out.note('jit: a broker is there again');
    for await (const { events: more } of followLog(world, client, next, options, { signal, lost, found })) {
      print(more);
      // Who reads slowly is waited for, not collected for.
      await world.flushed();
    }
    return 0;
  },
});
