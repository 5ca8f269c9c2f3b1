// One run: a broker that dies at a named point, successors that die while they recover, then the verdict.

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../src/client/client.ts';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { sessionOf } from '../../src/system/process-info.ts';
import { wish } from '../support/request.ts';
import { createWorld, type World } from '../support/world.ts';
import { judge } from './check.ts';
import type { Schedule } from './schedule.ts';
import type { Scene, Target, Verdict } from './target.ts';

/** What a run found; `died` tells how often a broker was killed. */
export interface Outcome extends Verdict {
  readonly died: number;
  /** Points at which a broker really died by itself. */
  readonly reached: readonly string[];
}

/** Plays `schedule` on `target`. */
export async function play(schedule: Schedule, target: Target): Promise<Outcome> {
  const scene = await target.open(schedule);
  const world = createWorld(scene.config, 'dist-test');
  let died = 0;
  const reached: string[] = [];
  try {
    const isExternal = schedule.point.startsWith('external');
    const first = world.startBroker(isExternal ? {} : { JIT_FAILPOINT: `${schedule.point}=kill` });
    const gone = ending(first);
    const replies = await use(world, scene, schedule, first);
    const outlived = await Promise.race([gone.then(() => false), settled(world, scene)]);
    if (!outlived) reached.push(schedule.point.replace(/#.*/, ''));
    first.kill('SIGKILL');
    await gone;
    died += 1;
    for (const point of schedule.recoveries) {
      const successor = world.startBroker({ JIT_FAILPOINT: `${point}=kill` });
      const end = ending(successor);
      const rested = await Promise.race([end.then(() => false), settled(world, scene)]);
      if (!rested) reached.push(point);
      successor.kill('SIGKILL');
      await end;
      died += 1;
    }
    const last = world.startBroker();
    const end = ending(last);
    if (!(await settled(world, scene))) throw new Error('the last broker did not come to rest');
    last.kill('SIGTERM');
    await end;
    return { ...(await judge(world, scene, replies)), died, reached };
  } finally {
    await world.remove();
    await scene.close();
  }
}

/** Asks for grants and ends them as the schedule says; a broker that dies under it is what is wanted. */
async function use(
  world: World,
  scene: Scene,
  schedule: Schedule,
  broker: ChildProcess,
): Promise<ElevateReply[]> {
  const replies: ElevateReply[] = [];
  const holders: ChildProcess[] = [];
  if (schedule.point.startsWith('external')) {
    void delay(schedule.killAfter + 150).then(() => broker.kill('SIGKILL'));
  }
  const one = async (): Promise<void> => {
    const client = await world.client({ start: false });
    const holder = spawn('sleep', ['300'], { stdio: 'ignore' });
    holders.push(holder);
    const reply = await elevate(client, holder, scene, schedule);
    replies.push(reply);
    if (schedule.extends) await client.extend({ grant: reply.grant.id, ...laterEnd(scene, schedule) });
    if (schedule.ending === 'revoke') {
      await client.revoke({ grant: reply.grant.id, all: false, cause: 'revoked' });
    }
    if (schedule.ending === 'session-lost') holder.kill('SIGKILL');
  };
  await reachable(world, broker);
  await Promise.allSettled(Array.from({ length: schedule.grants }, one));
  // A grant without an ending of its own goes on until its broker dies.
  if (schedule.ending === 'none' && broker.exitCode === null && broker.signalCode === null)
    broker.kill('SIGKILL');
  for (const holder of holders) holder.kill('SIGKILL');
  return replies;
}

/** Twice as long as {@link elevate} asks for. */
function laterEnd(scene: Scene, schedule: Schedule): { duration: number; reason: string | null } {
  return { duration: 2 * (schedule.ending === 'expire' ? scene.briefly : 60_000), reason: null };
}

async function elevate(
  client: Client,
  holder: ChildProcess,
  scene: Scene,
  schedule: Schedule,
): Promise<ElevateReply> {
  return client.elevate(
    wish({
      ...scene.wish,
      role: schedule.role,
      duration: schedule.ending === 'expire' ? scene.briefly : 60_000,
      // Or the end of its holder would come before the deadline.
      keep: schedule.ending === 'expire',
      session: sessionOf(holder.pid ?? 0),
    }),
  );
}

/** True when the broker that runs can do nothing more; false when none answers for long. */
async function settled(world: World, scene: Scene): Promise<boolean> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    try {
      const client = await world.client({ start: false });
      const { grants } = await client.status();
      const isOver = grants.every(({ state }) => state !== 'pending' && state !== 'active');
      if (isOver && grants.flatMap(({ leases }) => leases).every(scene.isAtRest)) return true;
    } catch {
      // Not up yet, or dead: the caller races this against the death.
    }
    await delay(50);
  }
  return false;
}

async function reachable(world: World, broker: ChildProcess): Promise<void> {
  while (broker.exitCode === null && broker.signalCode === null) {
    try {
      await (await world.client({ start: false })).hello();
      return;
    } catch {
      await delay(20);
    }
  }
}

function ending(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
  });
}
