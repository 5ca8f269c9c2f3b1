// jit audit export: the audit log for other systems. Works without a broker.

import { JitError } from '../../core/errors.ts';
import type { ExportBatch } from '../../protocol/offline.ts';
import { defineCommand, opt } from '../define-command.ts';
import { counting } from '../progress.ts';

const hint = 'jit audit export --help';

/** What is said and would be ignored is a mistake. */
function refuse(given: {
  format: string | null;
  ocsf: string | null;
  store: boolean;
  file: string | null;
  after: string | null;
}): void {
  if (given.ocsf !== null && given.format !== 'ocsf') {
    throw new JitError('ERR_USAGE', 'option "--ocsf" is for the format ocsf', { hint: 'add --format ocsf' });
  }
  if (given.store && given.file !== null) {
    throw new JitError('ERR_USAGE', 'options "--store" and "--file" exclude each other', { hint });
  }
  if (given.store && given.after !== null) {
    throw new JitError('ERR_USAGE', 'option "--after" is for one log: a shared store has many', {
      hint: 'use --cursor-file, which holds a place in each',
    });
  }
}

export const auditExport = defineCommand({
  name: 'audit export',
  summary: 'write the audit log in the format of another system',
  description: [
    'Needs no broker. Writes events in order to stdout. With --cursor-file it goes on after the last event that stdout',
    'took, and notes where it ended: run it as often as you like. The same event is the same line each time; its leaf',
    'hash names it, should it come twice. With --store the logs of everybody, one log after the other.',
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
    store: opt.flag('the logs of everybody, from the shared store; needs its auditor in the configuration'),
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
    {
      command: 'jit audit export --store --cursor-file team.cursor | tee -a team.jsonl',
      does: 'what is new from everybody',
    },
  ],
  async run(world, { options }) {
    refuse(options);
    const { format, since, until, after, ocsf, file, store, 'cursor-file': cursorFile } = options;
    const offline = await world.loadOffline();
    const request = { format: format ?? 'jsonl', ocsf: ocsf ?? '1.8', since, until, cursorFile } as const;
    const progress = counting(world, 'Exporting');
    const take = async ({ text, done, total }: ExportBatch): Promise<void> => {
      progress.clear();
      // Half a line would spoil the first one of the next export.
      const takeBack = cursorFile === null ? null : world.mark();
      try {
        world.stdout(text);
        // Only what stdout took is exported; and a slow reader is waited for, not collected for.
        await world.flushed();
        // The cursor survives a crash of the machine, so what it names has to.
        if (cursorFile !== null) world.kept();
      } catch (thrown) {
        takeBack?.();
        throw thrown;
      }
      progress.show(done, total);
    };
    try {
      if (store) await offline.storeExport(world.config, request, take);
      else await offline.auditExport({ ...request, after, file }, take);
    } finally {
      progress.clear();
    }
    return 0;
  },
});
