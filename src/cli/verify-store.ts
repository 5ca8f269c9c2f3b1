// `jit audit verify --store`: what was found in the shared store, one line a log.

import { exitCodeOf, JitError } from '../core/errors.ts';
import type { StoreVerifyReply } from '../protocol/store.ts';
import { escapeText } from './escape.ts';
import { counting } from './progress.ts';
import type { World } from './world.ts';

function line(log: StoreVerifyReply['logs'][number]): string {
  const { origin, events, from, registeredBy, lastSeen, problem } = log;
  const gone =
    from === 0 ? '' : `, the first ${from} past their retention: chain verified, tree and signatures not`;
  const what = problem
    ? `NOT VALID, event ${problem.seq}: ${problem.what}`
    : `valid, ${events} events, ${signature(log)}${gone}`;
  return `${escapeText(origin)}: ${escapeText(what)}; by ${escapeText(registeredBy)}, last seen ${lastSeen}`;
}

function signature({ events, from, signed }: StoreVerifyReply['logs'][number]): string {
  if (from > 0) return 'signatures unknown';
  if (signed === 0) return 'not signed';
  return signed === events ? 'all signed' : `the last ${events - signed} not signed`;
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
