// What stands where the files of a grant were while the shell that was started for it goes on: without them its clients
// would ask a person for what is missing, or find something else, instead of failing. Nothing in them is secret.

import path from 'node:path';
import type { EndCause } from '../core/grant.ts';
import type { HandOutFile } from '../providers/provider.ts';
import { ensurePrivateDirectory } from '../system/directories.ts';
import { removeTree, writeFleetingFile } from '../system/files.ts';
import { isAlive } from '../system/process-info.ts';
import type { Broker } from './broker.ts';

/** After these nobody is left who would read them. */
const sessionless: readonly (EndCause | null)[] = ['session-ended', 'session-lost', 'broker-stopped'];

/** Remembers what the files of a grant become at its end. */
export function rememberTombstones(broker: Broker, grant: string, files: readonly HandOutFile[]): void {
  const stones = files.flatMap(({ name, tombstone }) =>
    tombstone === undefined ? [] : [{ name, content: tombstone }],
  );
  if (stones.length > 0) broker.tombstones.set(grant, stones);
}

/** Puts them into `folder`, which has just been removed, if the grant's session goes on without it. */
export function placeTombstones(broker: Broker, grantId: string, folder: string): void {
  const grant = broker.ledger.grant(grantId);
  const stones = broker.tombstones.get(grantId) ?? [];
  if (!grant?.session || sessionless.includes(grant.endCause) || !isAlive(grant.session)) {
    broker.tombstones.delete(grantId);
    return;
  }
  if (stones.length > 0) ensurePrivateDirectory(folder);
  for (const { name, content } of stones) writeFleetingFile(path.join(folder, name), content);
}

/** Removes those of sessions that are over. */
export function sweepTombstones(broker: Broker): void {
  for (const id of broker.tombstones.keys()) {
    const grant = broker.ledger.grant(id);
    if (grant?.state === 'active' || broker.ledger.openLeasesOf(id).length > 0) continue;
    if (grant?.session && isAlive(grant.session)) continue;
    broker.tombstones.delete(id);
    removeTree(path.join(broker.paths.grantsDir, id));
  }
}
