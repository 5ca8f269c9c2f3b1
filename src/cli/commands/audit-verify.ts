// jit audit verify: whether the log is whole: no gap, no change, no fork. Works without a broker.

import { exitCodeOf, JitError } from '../../core/errors.ts';
import type { VerifyReply } from '../../protocol/offline.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { waiting } from '../progress.ts';
import { headsText, keyLines, signedText } from '../signed-text.ts';
import { trustOptions } from '../trust-options.ts';
import { verifyStore } from '../verify-store.ts';

export const auditVerify = defineCommand({
  name: 'audit verify',
  summary: 'verify the audit log: nothing changed, nothing missing',
  description:
    'Needs no broker. Exit code 1 when something is wrong. A log that is not valid does not keep those after it in the same file from being verified: each is told.',
  args: { file: arg.optional('a log file; without it, your own', 'file') },
  options: {
    store: opt.flag('the logs of everybody, in the shared store; needs its auditor in the configuration'),
    'kept-since': opt.instant(
      'with --store: events from this time on have to be there; without it all have to be',
    ),
    ...trustOptions,
  },
  json: {
    path: '/home/alice/.local/state/jit/jit.db',
    valid: true,
    events: 128,
    head: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    first_at: '2026-11-01T08:00:00.000Z',
    last_at: '2026-11-22T14:32:00.000Z',
    clock_steps: 0,
    problem: null,
    logs: [
      {
        origin: 'jit.7h2k9d3f5g6h8j1k',
        events: 128,
        root: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        signed: 128,
        keys: ['jit.7h2k9d3f5g6h8j1k+1b2c3d4e+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh'],
        fork: null,
        problem: null,
      },
    ],
    heads: 1,
    excused: 0,
    trusted: [],
  },
  examples: [
    { command: 'jit audit verify', does: 'your own log' },
    { command: 'jit audit verify /backup/jit.db --json', does: 'a copy, for a script' },
    { command: 'jit audit verify --store', does: 'the logs of everybody, in the shared store' },
    {
      command: 'jit audit verify --store --kept-since 2025-05-01 --key "$KEY" --head alice.head',
      does: 'with its retention, and what you know of a log',
    },
    { command: 'jit audit verify /backup/jit.db --key "$KEY"', does: 'signed by a key that you know' },
    {
      command: 'jit audit verify /backup/jit.db --head /elsewhere/jit.7h2k9d3f5g6h8j1k.head',
      does: 'leads to a head that you kept: a copy of the file in ~/.local/share/jit/heads',
    },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    const { key: keys, head: heads, 'kept-since': keptSince } = options;
    if (options.store) {
      if (args.file === null) return verifyStore(world, { keys, heads, keptSince }, json);
      throw new JitError('ERR_USAGE', 'option "--store" takes no file', { hint: 'jit audit verify --help' });
    }
    if (keptSince !== null) {
      throw new JitError('ERR_USAGE', 'option "--kept-since" is for --store: a log file keeps everything', {
        hint: 'jit audit verify --help',
      });
    }
    const offline = await world.loadOffline();
    const request = { file: args.file, keys, heads };
    const reply = await waiting(world, 'Verifying', offline.auditVerify(request));
    if (json) {
      out.json(reply);
      return reply.valid ? 0 : exitCodeOf.ERR_AUDIT_INVALID;
    }
    if (!reply.valid) {
      // Of one log the message says it all.
      const logs = reply.logs.length > 1 ? reply.logs : [];
      for (const line of logs.flatMap((log) => verdictLines(log, reply.trusted))) out.print(line);
      throw new JitError(
        'ERR_AUDIT_INVALID',
        `the audit log "${reply.path}" is not valid: ${whereOf(reply)}`,
        {
          hint: hintFor(args.file === null, reply),
        },
      );
    }
    const span = reply.firstAt && reply.lastAt ? `, from ${reply.firstAt} to ${reply.lastAt}` : '';
    out.print(`${escapeText(reply.path)}: valid, ${reply.events} events${span}`);
    out.print(`head ${reply.head}`);
    for (const line of reply.logs.flatMap((log) => logLines(log, reply.trusted))) out.print(line);
    out.print(headsText(reply));
    return 0;
  },
});

/** A broker goes on from a log that it can open, and from no other. */
function hintFor(isOwn: boolean, { logs }: VerifyReply): string {
  if (!isOwn)
    return logs.length === 0 ? 'name a log file' : 'keep the file as it is and compare it with a backup';
  return logs.length === 0
    ? 'keep a copy of the file, and put a backup in its place; then: jit status'
    : 'keep a copy of the file and compare it with a backup; jit status says how it stands; to go on: jit audit fork --reason "…"';
}

/** Of a file in which no log was found there is no event to name. */
function whereOf({ problem, logs }: VerifyReply): string {
  if (!problem) return 'unknown problem';
  return logs.length === 0 ? problem.what : `event ${problem.seq}: ${problem.what}`;
}

/** One log of a file that is not valid: whether it is this one. */
function verdictLines(log: VerifyReply['logs'][number], trusted: readonly string[]): string[] {
  const { origin, events, keys, problem } = log;
  const verdict = problem
    ? `NOT VALID, event ${problem.seq}: ${escapeText(problem.what)}`
    : `valid, ${events} events, ${signedText(log)}`;
  return [...forkLine(log), `${origin}: ${verdict}`, ...keyLines(keys, trusted)];
}

function forkLine({ origin, fork }: VerifyReply['logs'][number]): string[] {
  return fork === null ? [] : [`${origin} goes on from the log before: ${escapeText(fork)}`];
}

/** One log: how far it is signed, by whom, and why that is believed. */
function logLines(log: VerifyReply['logs'][number], trusted: readonly string[]): string[] {
  const { origin, events, keys, root } = log;
  return [
    ...forkLine(log),
    `${origin}: ${events} events, ${signedText(log)}`,
    `root ${root}`,
    ...keyLines(keys, trusted),
  ];
}
