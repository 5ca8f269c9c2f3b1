// What must be true once a broker has recovered. Each answer names a broken promise.

import { existsSync, readdirSync } from 'node:fs';
import type { ElevateReply } from '../../src/protocol/routes.ts';
import { openStore } from '../../src/store/open.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { systemClock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';
import type { PostgresServer } from '../support/postgres.ts';
import type { World } from '../support/world.ts';

/** Broken promises of a run, in words; `leaked` counts credentials that are alive and should not be. */
export interface Verdict {
  readonly leaked: number;
  readonly broken: readonly string[];
}

/** Looks at the server, the folders and the log. Call it when no lease is open any more and no broker runs. */
export async function judge(
  world: World,
  server: PostgresServer,
  replies: readonly ElevateReply[],
): Promise<Verdict> {
  const broken: string[] = [];
  const store = openStore({
    path: world.paths.database,
    clock: systemClock,
    random: systemRandom,
    readOnly: true,
  });
  const leases = store.leases();
  const events = store.events({ limit: 1_000_000 }).map(({ body }) => body);
  store.close();

  const names = leases.map(({ handle }) => (handle as { name: string }).name);
  const alive = await server.sql('SELECT rolname FROM pg_roles WHERE rolname ~ $$^jit_l$$');
  const leaked = alive.filter(({ rolname }) => names.includes(String(rolname)));
  for (const { rolname } of leaked) broken.push(`role ${String(rolname)} is alive`);
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
  if (existsSync(world.paths.grantsDir)) {
    for (const folder of readdirSync(world.paths.grantsDir)) broken.push(`files of grant ${folder} are left`);
  }
  const log = await verifyFile(world.paths.database);
  if (!log.valid)
    broken.push(`the log does not verify: ${log.problem?.what ?? 'unknown'} at ${log.problem?.seq ?? -1}`);
  return { leaked: leaked.length, broken };
}
