// `jit audit verify --store`: what was found in the shared store, one line a log.

import { exitCodeOf, JitError } from '../core/errors.ts';
import type { StoreVerifyReply } from '../protocol/store.ts';
import { escapeText } from './escape.ts';
import { counting } from './progress.ts';
import type { World } from './world.ts';

function line(log: StoreVerifyReply['logs'][number]): string {
  const { origin, events, from, signed, registeredBy, lastSeen, problem } = log;
  const rest = events - signed;
  const how = signed === 0 ? 'not signed' : rest === 0 ? 'all signed' : `the last ${rest} not signed`;
  const gone = from === 0 ? '' : `, the first ${from} past their retention: chain verified, tree not`;
  const what = problem
    ? `NOT VALID, event ${problem.seq}: ${problem.what}`
    : `valid, ${events} events, ${how}${gone}`;
  return `${escapeText(origin)}: ${escapeText(what)}; by ${escapeText(registeredBy)}, last seen ${lastSeen}`;
}

/** Answers the exit code. @throws JitError `ERR_AUDIT_INVALID` when a log is not valid */
export async function verifyStore(world: World, json: boolean): Promise<number> {
  const { out } = world;
  const progress = counting(world, 'Verifying', false);
  const offline = await world.loadOffline();
  const reply = await offline
    .storeVerify(world.config, (done, total) => progress.show(done, total))
    .finally(() => progress.clear());
  if (json) {
    out.json(reply);
    return reply.valid ? 0 : exitCodeOf.ERR_AUDIT_INVALID;
  }
  if (reply.logs.length > 0) out.print(reply.logs.map(line).join('\n'));
  else out.note('the shared store has no log');
  if (reply.valid) return 0;
  const bad = reply.logs.filter(({ valid }) => !valid).length;
  throw new JitError(
    'ERR_AUDIT_INVALID',
    `${bad} of ${reply.logs.length} logs in the shared store are not valid`,
    {
      hint: "compare them with the devices' own: jit audit verify",
    },
  );
}
