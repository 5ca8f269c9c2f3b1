// jit audit export: the audit log for other systems. Works without a broker.

import { defineCommand, opt } from '../define-command.ts';
import { counting } from '../progress.ts';

export const auditExport = defineCommand({
  name: 'audit export',
  summary: 'write the audit log in the format of another system',
  description: [
    'Needs no broker. Writes events in order to stdout. With --cursor-file it goes on after the last event that stdout',
    'took, and notes where it ended: run it as often as you like. The same event is the same line each time; its leaf',
    'hash names it, should it come twice.',
  ].join('\n'),
  args: {},
  options: {
    format: opt.choice(
      'format',
      ['jsonl', 'csv', 'ocsf', 'cef'],
      'jsonl (as stored, the default), csv, ocsf, cef',
    ),
    since: opt.instant('only events from this time on: 2h (ago), 14:00, 2026-11-22T14:00'),
    until: opt.instant('only events before this time'),
    after: opt.text('cursor', 'only events after this one: <log>:<sequence>'),
    'cursor-file': opt.text(
      'file',
      'go on after the event that this file names, then note the last one there',
    ),
    ocsf: opt.choice('version', ['1.8', '1.9'], 'version of the schema for --format ocsf; 1.8 unless given'),
    file: opt.text('db', 'a log file; without it, your own'),
  },
  examples: [
    {
      command: 'jit audit export --format csv --since 30d > log.csv',
      does: 'the last month, for a spreadsheet',
    },
    {
      command: 'jit audit export --format ocsf --cursor-file siem.cursor | tee -a siem.jsonl',
      does: 'what is new since the last time, for a SIEM',
    },
    { command: 'jit audit export --file /backup/jit.db --format cef', does: 'a copy of the log' },
  ],
  async run(world, { options }) {
    const { format, since, until, after, ocsf, file, 'cursor-file': cursorFile } = options;
    const offline = await world.loadOffline();
    const request = {
      format: format ?? 'jsonl',
      ocsf: ocsf ?? '1.8',
      since,
      until,
      after,
      cursorFile,
      file,
    } as const;
    const progress = counting(world, 'Exporting');
    try {
      await offline.auditExport(request, async ({ text, done, total }) => {
        progress.clear();
        world.stdout(text);
        // Only what stdout took is exported; and a slow reader is waited for, not collected for.
        await world.flushed();
        progress.show(done, total);
      });
    } finally {
      progress.clear();
    }
    return 0;
  },
});
