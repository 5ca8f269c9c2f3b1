// What must be true once a broker has recovered, whatever the target. Each answer names a broken promise.

import { existsSync, readdirSync } from 'node:fs';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { openStore } from '../../src/store/open.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { systemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import type { World } from '../support/world.ts';
import type { Record, Scene, Verdict } from './target.ts';

/** Looks at the target, the folders and the log. Call it when the last broker has come to rest and ended. */
export async function judge(world: World, scene: Scene, replies: readonly ElevateReply[]): Promise<Verdict> {
  const now = await scene.inspect(readRecord(world));
  await scene.elapse?.(world);
  const record = readRecord(world);
  const later = scene.elapse ? await scene.inspect(record) : { leaked: 0, broken: [] };
  return {
    leaked: Math.max(now.leaked, later.leaked),
    broken: [
      ...new Set([...now.broken, ...later.broken]),
      ...brokenRecord(record, replies),
      ...leftFiles(world),
      ...(await brokenLog(world)),
    ],
  };
}

function readRecord(world: World): Record {
  const store = openStore({
    path: world.paths.database,
    clock: systemClock,
    random: systemRandom,
    readOnly: true,
  });
  const leases = store.leases();
  const events = store.events({ limit: 1_000_000 }).map(({ body }) => body);
  store.close();
  return { leases, events };
}

function brokenRecord({ leases, events }: Record, replies: readonly ElevateReply[]): string[] {
  const broken: string[] = [];
  for (const lease of leases) {
    if (lease.state !== 'revoked') broken.push(`lease ${lease.id} is ${lease.state}`);
    const of = (type: string): number =>
      events.filter((event) => event.lease === lease.id && event.type === type).length;
    if (of('lease.intent') !== 1) broken.push(`lease ${lease.id} has ${of('lease.intent')} intents`);
    if (of('lease.revoked') !== 1) broken.push(`lease ${lease.id} was revoked ${of('lease.revoked')} times`);
    if (of('lease.handed_out') > of('lease.issued'))
      broken.push(`lease ${lease.id} was handed out unrecorded`);
  }
  for (const { grant } of replies) {
    const isRecorded = events.some((event) => event.grant === grant.id && event.type === 'lease.handed_out');
    if (!isRecorded) broken.push(`grant ${grant.id} was answered without a record`);
  }
  return broken;
}

function leftFiles({ paths }: World): string[] {
  if (!existsSync(paths.grantsDir)) return [];
  return readdirSync(paths.grantsDir).map((folder) => `files of grant ${folder} are left`);
}

async function brokenLog({ paths }: World): Promise<string[]> {
  const log = await verifyFile(paths.database);
  if (log.valid) return [];
  return [`the log does not verify: ${log.problem?.what ?? 'unknown'} at ${log.problem?.seq ?? -1}`];
}
