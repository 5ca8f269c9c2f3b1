// A shell or command under a grant: starts it, ends it with the grant, gives the grant back after it.

import type { Client } from '../../client/client.ts';
import { exitCodeOf } from '../../core/errors.ts';
import type { GrantView } from '../../protocol/routes.ts';
import type { SessionResult } from '../../shell/session.ts';
import { reachBroker } from '../reach.ts';
import type { World } from '../world.ts';
import { giveBack, type Held } from './request.ts';
import { printLeft, warnOverdue } from './summary.ts';
import { type GrantWatch, watchGrant } from './watch.ts';

/** What runs under the grant. */
export interface Under {
  readonly client: Client;
  readonly held: Held;
  /** null: the user's own shell. */
  readonly command: readonly string[] | null;
}

function start(world: World, { held, command }: Under, watch: GrantWatch): Promise<SessionResult> {
  const { grant, env, unset } = held.reply;
  const { id, target, role, deadline } = grant;
  // The session takes signals over as it is called, so there is no moment in which one would end us unheard.
  const session = world.runSession({
    command,
    env,
    unset,
    grant: { id, target, role, deadline: deadline ?? world.clock.now() },
    stateFile: world.promptState(),
    hooksDir: world.hooksDir,
    ended: watch.ended,
    clock: world.clock,
    warn: (line) => world.out.note(line),
    baseEnv: world.env,
  });
  held.release();
  return session;
}

/** After the broker ended the grant itself: whether anything of it is overdue. Best effort, `jit status` has it too. */
async function warnIfOverdue(world: World, client: Client, grant: GrantView): Promise<void> {
  try {
    const { grants } = await client.status();
    const found = grants.find(({ id }) => id === grant.id);
    if (found?.leases.some(({ state }) => state === 'overdue')) warnOverdue(world, found);
  } catch {
    world.out.warn(`cannot tell whether grant ${grant.id} is revoked; see: jit status`);
  }
}

/**
 * Runs the session and answers the exit code: the child's own, 124 when a command was ended with its grant.
 * Whatever happens the grant is given back, unless it is kept.
 * @throws JitError when the child could not be started; Cancelled after a signal before it
 */
export async function runUnder(world: World, under: Under): Promise<number> {
  const { client, held, command } = under;
  const { grant } = held.reply;
  const reconnect = (): Promise<Client> => reachBroker(world);
  const watch = watchGrant({ grant, client, reconnect, clock: world.clock });
  let result: SessionResult | null = null;
  try {
    const cancelled = held.signalled();
    if (cancelled) throw cancelled;
    result = await start(world, under, watch);
  } finally {
    held.release();
    watch.stop();
    if (result?.grantEnded) await warnIfOverdue(world, client, grant);
    else if (!grant.keep || !result) {
      const ended = await giveBack(world, client, grant);
      if (result && command === null) printLeft(world, grant, ended);
    } else if (command === null) printLeft(world, grant, null);
  }
  return command !== null && result.grantEnded ? exitCodeOf.ERR_GRANT_ENDED : result.exitCode;
}
