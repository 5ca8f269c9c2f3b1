// jit audit report: what an auditor asks for, over a period. Works without a broker.

import { exitCodeOf, JitError } from '../../core/errors.ts';
import type { ReportReply, ReportRequest, ReportWatch } from '../../protocol/report.ts';
import { defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { type Counting, counting } from '../progress.ts';
import { trustOptions } from '../trust-options.ts';
import { storeFailure } from '../verify-store.ts';
import type { World } from '../world.ts';

const help = 'jit audit report --help';

export const auditReport = defineCommand({
  name: 'audit report',
  summary: 'write a report on a period for auditors',
  description: [
    'Needs no broker. Verifies the log, then tells of the period: completeness, population, policy, timeliness of',
    'revocation, findings, anomalies, controls with the command that counts again, and a register of grants. The same log,',
    'period and seed give the same report. Exit code 1 when the log is not valid: the report is of what was before that.',
    'With --store the logs of everybody, from one state of the shared store.',
  ].join('\n'),
  args: {},
  options: {
    from: opt.instant('from this time on: 2026-01-01T00:00Z, 90d (ago); without it, the first event'),
    to: opt.instant('before this time; without it, the last event'),
    format: opt.choice('format', ['html', 'md', 'json'], 'html, md, json; as --output ends, else html'),
    output: opt.text('file', 'where to write the report; without it, stdout'),
    file: opt.text('db', 'a log file; without it, your own'),
    store: opt.flag('the logs of everybody, from the shared store; needs its auditor in the configuration'),
    'kept-since': opt.instant(
      'with --store: events from this time on have to be there; without it all have to be',
    ),
    ...trustOptions,
    sample: opt.count('n', 'requests that are drawn for testing; 25 unless given', 0, 10_000),
    seed: opt.name('seed', 'what they are drawn by; without it, the hash of the last event'),
  },
  examples: [
    {
      command: 'jit audit report --from 90d --output report.html',
      does: 'the last quarter, to read or print',
    },
    {
      command:
        'jit audit report --from 2026-01-01T00:00Z --to 2027-01-01T00:00Z --file /backup/jit.db > 2026.html',
      does: 'a year, from a copy of the log',
    },
    {
      command: 'jit audit report --store --from 90d --output team.html',
      does: 'the last quarter of everybody',
    },
    {
      command: 'jit audit report --file /backup/jit.db --key "$KEY" --head kept.head --output checked.html',
      does: 'of somebody else: signed by a key, and leading to a head, that you know',
    },
    { command: 'jit audit report --format json --seed 4711 | sha256sum', does: 'is it the same report?' },
  ],
  async run(world, { options }) {
    const { from, to, output, file, sample, seed, store, 'kept-since': keptSince } = options;
    const { key: keys, head: heads } = options;
    if (store && file !== null) {
      throw new JitError('ERR_USAGE', 'options "--store" and "--file" exclude each other', { hint: help });
    }
    if (!store && keptSince !== null) {
      throw new JitError('ERR_USAGE', 'option "--kept-since" is for --store: a log file keeps everything', {
        hint: help,
      });
    }
    const format = options.format ?? formatOf(output);
    if (output === null && format === 'html' && world.isTTY.stdout) {
      throw new JitError('ERR_USAGE', 'a report in HTML is not for a terminal', {
        hint: 'jit audit report --output report.html, or --format md',
      });
    }
    const offline = await world.loadOffline();
    const request = { from, to, format, output, sample: sample ?? 25, seed, keys, heads };
    const reply = await watched(world, output === null && world.isTTY.stdout, (watch) =>
      store
        ? offline.storeReport(world.config, { ...request, keptSince }, watch)
        : offline.auditReport({ ...request, file }, watch),
    );
    tell(world, reply);
    return reply.valid ? 0 : exitCodeOf.ERR_AUDIT_INVALID;
  },
});

/** By the name of the file. */
function formatOf(output: string | null): ReportRequest['format'] {
  if (output === null || /\.html?$/i.test(output)) return 'html';
  if (/\.(md|markdown)$/i.test(output)) return 'md';
  if (/\.json$/i.test(output)) return 'json';
  throw new JitError('ERR_USAGE', `"${output}" does not tell the format`, {
    hint: `${help}, option --format`,
  });
}

const words = {
  Reading: 'Verifying and reading',
  Writing: 'Writing the report',
} as const;

/** Shows how far each part of the work is. */
async function watched(
  world: World,
  isShared: boolean,
  work: (watch: ReportWatch) => Promise<ReportReply>,
): Promise<ReportReply> {
  let part = '';
  let progress: Counting | null = null;
  try {
    return await work({
      progress(what, done, total) {
        if (what !== part) progress?.clear();
        if (what !== part || !progress) progress = counting(world, words[what], isShared);
        part = what;
        progress.show(done, total);
      },
      async take(text) {
        progress?.clear();
        world.stdout(text);
        // A slow reader is waited for, not collected for.
        await world.flushed();
      },
    });
  } finally {
    (progress as Counting | null)?.clear();
  }
}

function tell({ out }: World, reply: ReportReply): void {
  const { output, requests, events, digest, valid, problem, logs } = reply;
  if (!valid) {
    const where = problem ? `: ${logs ? '' : `event ${problem.seq}: `}${problem.what}` : '';
    const what = logs ? storeFailure(logs) : 'the audit log is not valid';
    out.note(`jit: warning: ${what}${where}`);
  }
  if (output === null) return;
  const day = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  out.print(
    `${escapeText(output)}: ${requests} requests, ${events} events, from ${day(reply.from)} to ${day(reply.to)} UTC`,
  );
  out.print(`sha256 of its JSON ${digest}`);
}
