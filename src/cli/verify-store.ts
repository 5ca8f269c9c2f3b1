// `jit audit verify --store`: what was found in the shared store, log after log.

import { exitCodeOf, JitError } from '../core/errors.ts';
import type { ReportReply } from '../protocol/report.ts';
import type { StoreVerifyReply, StoreVerifyRequest } from '../protocol/store.ts';
import { escapeText } from './escape.ts';
import { counting } from './progress.ts';
import { headsText, keyLines, signedText } from './signed-text.ts';
import type { World } from './world.ts';

type Log = StoreVerifyReply['logs'][number];

function lines(log: Log, trusted: readonly string[]): string[] {
  const { origin, events, from, keys, registeredBy, lastSeen, problem, note } = log;
  const what = problem
    ? `NOT VALID, event ${problem.seq}: ${problem.what}`
    : `valid, ${events} events, ${signedText(log)}${gone(log)}`;
  return [
    `${escapeText(origin)}: ${escapeText(what)}; by ${escapeText(registeredBy)}, last seen ${lastSeen}`,
    ...(note === null ? [] : [`${escapeText(origin)}: ${escapeText(note)}`]),
    ...keyLines(keys, trusted, from === 0 ? 'log' : 'store').map(escapeText),
  ];
}

function gone({ from, events, retiredUpTo }: Log): string {
  if (from === 0) return '';
  const left = from === events ? 'none is there any more' : `verified from event ${from} on`;
  return `, ${left} (those up to ${retiredUpTo} are retired)`;
}

/** How many of how many logs are not as they should be, in words. */
export function storeFailure({ all, invalid, missing }: NonNullable<ReportReply['logs']>): string {
  if (invalid === 0) return `${missing} of the logs that you know are not in the shared store`;
  return `${invalid} of ${all} logs in the shared store are not valid`;
}

/** Answers the exit code. @throws JitError `ERR_AUDIT_INVALID` when a log is not valid, or not there */
export async function verifyStore(world: World, request: StoreVerifyRequest, json: boolean): Promise<number> {
  const { out } = world;
  const progress = counting(world, 'Verifying', false);
  const offline = await world.loadOffline();
  const reply = await offline
    .storeVerify(world.config, request, (done, total) => progress.show(done, total))
    .finally(() => progress.clear());
  if (json) {
    out.json(reply);
    return reply.valid ? 0 : exitCodeOf.ERR_AUDIT_INVALID;
  }
  const { logs, missing, trusted } = reply;
  for (const line of logs.flatMap((log) => lines(log, trusted))) out.print(line);
  for (const origin of missing) {
    out.print(`${escapeText(origin)}: NOT THERE, and you know a key or a head of it`);
  }
  if (logs.length === 0) out.note('the shared store has no log');
  if (!reply.valid) {
    const invalid = logs.filter(({ valid }) => !valid).length;
    const counts = { all: logs.length, invalid, missing: missing.length };
    throw new JitError('ERR_AUDIT_INVALID', storeFailure(counts), {
      hint: "compare them with the devices' own: jit audit verify",
    });
  }
  if (logs.length > 0) out.print(headsText(reply));
  return 0;
}
