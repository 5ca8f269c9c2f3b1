// A shell or command under a grant: starts it, ends it with the grant, gives the grant back after it.

import type { Client } from '../../client/client.ts';
import { exitCodeOf } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { GrantView } from '../../protocol/views.ts';
import type { SessionResult } from '../../shell/session.ts';
import { reachBroker, reachRunningBroker } from '../reach.ts';
import { lengthText } from '../time-text.ts';
import type { World } from '../world.ts';
import { type RefreshNews, refreshNews } from './refreshing.ts';
import { giveBack, type Held } from './request.ts';
import { printEnded, printLeft, printSurvivors, warnOverdue } from './summary.ts';
import { type Telling, tellUsage } from './usage.ts';
import { type GrantWatch, watchGrant } from './watch.ts';

/** What runs under the grant. */
export interface Under {
  readonly client: Client;
  readonly held: Held;
  /** How long policy lets it go on once it is about to end; null: not at all, or it cannot. */
  readonly extension: Milliseconds | null;
  /** null: the user's own shell. */
  readonly command: readonly string[] | null;
}

interface Heard {
  readonly watch: GrantWatch;
  readonly news: RefreshNews;
  readonly telling: Telling;
}

function start(
  world: World,
  { held, command, extension }: Under,
  { watch, news, telling }: Heard,
): Promise<SessionResult> {
  const { grant, env, unset, secrets, shell } = held.reply;
  const { id, target, role, risk, deadline } = grant;
  // The session takes signals over as it is called, so there is no moment in which one would end us unheard.
  const session = world.runSession({
    command,
    env,
    unset,
    secrets,
    extension: extension === null ? null : lengthText(extension),
    grant: { id, target, role, risk, deadline: deadline ?? world.clock.now() },
    stateFile: world.promptState(),
    hooksDir: world.hooksDir,
    ended: watch.ended,
    onDeadline: watch.onDeadline,
    onNotice: news.onNotice,
    look: watch.look,
    terms: shell,
    clock: world.clock,
    started: telling.started,
    warn: (line) => world.out.note(line),
    baseEnv: world.env,
  });
  held.release();
  return session;
}

/** What is left of a grant; null: nothing. @throws JitError when no broker says so */
async function leftOf(world: World, client: Client, known: GrantView): Promise<GrantView | null> {
  const find = async (asked: Client): Promise<GrantView | null> =>
    (await asked.status()).grants.find(({ id }) => id === known.id) ?? null;
  try {
    return await find(client);
  } catch {
    // Gone since. Whoever stopped it was told what it could not revoke: none is started to say it again.
    const isStopped = known.endCause === 'broker-stopped';
    const other = isStopped ? await reachRunningBroker(world) : await reachBroker(world);
    if (other) return find(other);
    return known.leases.some(({ irrevocableUntil }) => irrevocableUntil !== null) ? known : null;
  }
}

/** After the broker ended the grant itself: when and why, and whether anything of it is overdue. Never throws. */
async function tellEnd(
  world: World,
  { client, command }: Under,
  known: GrantView,
  wasClosed: boolean,
): Promise<void> {
  const ran = command === null ? (wasClosed ? 'closed shell' : 'shell') : 'command';
  const gone = { ...known, leases: known.leases.map((lease) => ({ ...lease, state: 'revoked' as const })) };
  const isGone = known.state === 'ended' && known.leases.every(({ state }) => state === 'revoked');
  try {
    const left = isGone ? null : await leftOf(world, client, known);
    printEnded(world, left ?? gone, ran);
    if (left?.leases.some(({ state }) => state === 'overdue')) warnOverdue(world, left);
  } catch {
    printEnded(world, known, ran);
    world.out.warn(`cannot tell whether grant ${known.id} is revoked; see: jit status`);
  }
}

/**
 * Runs the session and answers the exit code: the child's own, 124 when a command or shell was ended with its grant.
 * Whatever happens the grant is given back, unless it is kept.
 * @throws JitError when the child could not be started; Cancelled after a signal before it
 */
export async function runUnder(world: World, under: Under): Promise<number> {
  const { client, held, command } = under;
  const { grant } = held.reply;
  const reconnect = (): Promise<Client> => reachBroker(world);
  const news = refreshNews(world, command === null);
  const watch = watchGrant({
    grant,
    client,
    reconnect,
    clock: world.clock,
    refreshing: news.hear,
  });
  const telling = tellUsage(client, held.reply, command, world.clock);
  let result: SessionResult | null = null;
  try {
    const cancelled = held.signalled();
    if (cancelled) throw cancelled;
    result = await start(world, under, { watch, news, telling });
    await telling.ended(result.exitCode);
  } finally {
    held.release();
    watch.stop();
    news.tellRest();
    if (result?.grantEnded) await tellEnd(world, under, watch.current(), result.wasClosed === true);
    else if (!grant.keep || !result) {
      const ended = await giveBack(world, client, grant);
      if (result && command === null) printLeft(world, grant, ended);
    } else if (command === null) printLeft(world, grant, null);
    printSurvivors(world, result?.survivors ?? []);
  }
  return command !== null && result.grantEnded ? exitCodeOf.ERR_GRANT_ENDED : result.exitCode;
}
