// Giving a child its credential by reference: files in a private folder of the grant, gone when it ends.

import path from 'node:path';
import { JitError } from '../core/errors.ts';
import type { HandOut } from '../providers/provider.ts';
import { ensurePrivateDirectory } from '../system/directories.ts';
import { removeTree, writeFleetingFile } from '../system/files.ts';
import type { Broker } from './broker.ts';

/** What a child is started with. `secrets`: a secret itself is among the values. */
export interface HandedOut {
  readonly env: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  readonly files: readonly string[];
  readonly secrets: boolean;
}

/**
 * Writes the files of a hand-out, 0600 in a 0700 folder, and names them in the environment.
 * @param kind `reference`, or an export kind that puts secrets into the environment
 * @throws JitError `ERR_USAGE` when the provider knows no such export kind
 */
export function writeHandOut(broker: Broker, grantId: string, handOut: HandOut, kind: string): HandedOut {
  const env: Record<string, string> = { ...handOut.env };
  const secrets = kind === 'reference' ? {} : handOut.exports[kind];
  if (secrets === undefined) {
    const known = ['reference', ...Object.keys(handOut.exports)].join(', ');
    throw new JitError('ERR_USAGE', `this target cannot export as "${kind}" (it can: ${known})`);
  }
  const folder = folderOf(broker, grantId);
  ensurePrivateDirectory(folder);
  for (const file of handOut.files) {
    const place = path.join(folder, file.name);
    writeFleetingFile(place, file.content.reveal());
    env[file.variable] = place;
  }
  for (const [name, secret] of Object.entries(secrets)) env[name] = secret.reveal();
  return {
    env,
    unset: handOut.unset.filter((name) => !(name in env)),
    files: handOut.files.map((file) => file.name),
    secrets: kind !== 'reference',
  };
}

/** Removes the files of a grant; nothing there is fine. */
export function removeHandOut(broker: Broker, grantId: string): void {
  removeTree(folderOf(broker, grantId));
}

function folderOf(broker: Broker, grantId: string): string {
  return path.join(broker.paths.grantsDir, grantId);
}
