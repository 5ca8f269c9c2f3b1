// jit doctor: checks of the broker and of each target, with what an administrator has to run once.

import { exitCodeOf } from '../../core/errors.ts';
import type { DoctorReply } from '../../protocol/routes.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeLines, escapeText } from '../escape.ts';
import type { Output } from '../output.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';

type Check = DoctorReply['checks'][number];

function mark(check: Check, out: Output): string {
  if (check.status === 'ok') return out.paint.good('ok     ');
  return check.status === 'warning' ? out.paint.caution('warning') : out.paint.alarm('FAILED ');
}

function print(out: Output, checks: readonly Check[]): void {
  let group: string | undefined;
  for (const check of checks) {
    const name = check.target ?? 'broker';
    if (name !== group) out.print(`${group === undefined ? '' : '\n'}${out.paint.strong(escapeText(name))}`);
    group = name;
    out.print(`  ${mark(check, out)}  ${escapeText(check.name)}: ${escapeText(check.detail)}`);
    for (const text of [check.advice, check.remedy]) {
      if (text === undefined) continue;
      for (const line of escapeLines(text).split('\n')) out.print(`             ${line}`);
    }
  }
}

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'check the broker and its rights on the targets',
  description:
    'Exit code 1 when a check fails. With --sql, stdout is what an administrator has to run, and nothing else.',
  args: { target: arg.optional('only this target', 'target') },
  options: { sql: opt.flag('print only the remedies, to be run by an administrator') },
  json: {
    checks: [
      {
        target: 'prod-db',
        name: 'may create roles',
        status: 'failed',
        detail: 'jit_broker lacks CREATEROLE',
        remedy: 'ALTER ROLE jit_broker CREATEROLE;',
      },
    ],
  },
  examples: [
    { command: 'jit doctor', does: 'everything' },
    { command: 'jit doctor prod-db --sql | psql -U postgres', does: 'lets an administrator put it right' },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    const client = await reachBroker(world);
    const { checks } = await waiting(world, 'Checking', client.doctor({ target: args.target }));
    const remedies = checks.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
    if (json) out.json({ checks });
    else if (!options.sql) print(out, checks);
    else if (remedies.length > 0) out.print(escapeLines([...new Set(remedies)].join('\n')));
    return checks.some(({ status }) => status === 'failed') ? exitCodeOf.ERR_CHECK_FAILED : 0;
  },
});
