// jit doctor: checks of the broker and of each target, with what an administrator has to run once.

import { exitCodeOf } from '../../core/errors.ts';
import type { DoctorReply } from '../../protocol/routes.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { escapeLines, escapeText } from '../escape.ts';
import { hardeningRow } from '../hardening-text.ts';
import type { Output } from '../output.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { checkHooks } from '../shell-init/check.ts';

type Check = DoctorReply['checks'][number];

function warn(out: Output, { target, name, detail }: Check): void {
  out.warn(`${target ?? 'broker'}: ${name}: ${detail.replaceAll('\n', '; ')}`);
}

function mark(check: Check, out: Output): string {
  if (check.status === 'ok') return out.paint.good('ok     ');
  return check.status === 'warning' ? out.paint.caution('warning') : out.paint.alarm('FAILED ');
}

/** One heading per target, the broker's own first, however the checks are mixed. */
function print(out: Output, checks: readonly Check[]): void {
  const groups = [...new Set(checks.map(({ target }) => target))].sort(
    (a, b) => Number(a !== null) - Number(b !== null),
  );
  for (const [index, group] of groups.entries()) {
    out.print(`${index === 0 ? '' : '\n'}${out.paint.strong(escapeText(group ?? 'broker'))}`);
    for (const check of checks) if (check.target === group) printCheck(out, check);
  }
}

const measure = /^hardening: (.*)$/;

/** The broker names its measures by their keys. */
function wordsOf({ name, detail }: Check): readonly [string, string] {
  const key = measure.exec(name)?.[1];
  return key === undefined ? [name, detail] : hardeningRow(key, detail);
}

function printCheck(out: Output, check: Check): void {
  const [name, text] = wordsOf(check);
  const [detail, ...more] = escapeLines(text).split('\n');
  out.print(`  ${mark(check, out)}  ${escapeText(name)}: ${detail}`);
  const below = [...more];
  if (check.advice !== undefined) below.push(...escapeLines(check.advice).split('\n'));
  if (check.remedy !== undefined && check.status !== 'ok')
    below.push(...remedyLines(check.remedy, check.target));
  for (const line of below) out.print(`             ${line}`);
}

/** A whole set-up would bury the other checks. */
const longest = 8;

function remedyLines(remedy: string, target: string | null): string[] {
  const lines = escapeLines(remedy.trimEnd()).split('\n');
  if (target === null || lines.length <= longest) return lines;
  return [`jit doctor ${escapeText(target)} --remedy`];
}

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'check the broker and its rights on the targets',
  description:
    'Exit code 1 when a check fails. With --remedy, stdout is what an administrator has to run, and nothing else.',
  args: { target: arg.optional('only this target', 'target') },
  options: {
    remedy: opt.flag('print only what an administrator has to run, such as SQL', { aliases: ['sql'] }),
  },
  json: {
    checks: [
      {
        target: 'prod-db',
        name: 'login jit_broker',
        status: 'failed',
        detail: 'may not create roles',
        remedy: 'ALTER ROLE jit_broker CREATEROLE;',
      },
    ],
  },
  examples: [
    { command: 'jit doctor', does: 'everything' },
    { command: 'jit doctor prod-db --remedy | psql -U postgres', does: 'lets an administrator put it right' },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    const client = await reachBroker(world);
    const { checks: said } = await waiting(world, 'Checking', client.doctor({ target: args.target }));
    const checks = [...said, ...(args.target === null ? checkHooks(world) : [])];
    // One that is asked for by name is told whole, whether or not something is missing.
    const told = checks.filter(({ status }) => status !== 'ok' || args.target !== null);
    const remedies = told.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy]));
    if (json) out.json({ checks });
    else if (!options.remedy) print(out, checks);
    else {
      if (remedies.length > 0) out.print(escapeLines([...new Set(remedies)].join('\n')));
      // What no command mends; stdout goes to the server.
      for (const check of checks)
        if (check.status === 'failed' && check.remedy === undefined) warn(out, check);
    }
    return checks.some(({ status }) => status === 'failed') ? exitCodeOf.ERR_CHECK_FAILED : 0;
  },
});
