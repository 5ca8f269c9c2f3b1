// Giving a child its credential by reference: files in a private folder of the grant, gone when it ends.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import type { HandOut } from '../providers/provider.ts';
import { ensurePrivateDirectory } from '../system/directories.ts';
import { removeTree, writeFleetingFile } from '../system/files.ts';
import type { Broker } from './broker.ts';
import type { OpenedEndpoint } from './endpoint.ts';

/** What a child is started with. `secrets`: a secret itself is among the values. */
export interface HandedOut {
  readonly env: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  readonly files: readonly string[];
  readonly secrets: boolean;
  /** How many endpoints serve it. */
  readonly endpoints: number;
  /** How many kinds of helpers are given it from memory, when nothing else of it was handed out. */
  readonly helpers: number;
}

/** Ends the name of a file that holds the bearer of an endpoint. */
const tokenSuffix = '.token';

/**
 * Writes the files of a hand-out, 0600 in a 0700 folder, and names them in the environment.
 * @param kind `reference`, or an export kind that puts secrets into the environment
 * @param opened its endpoints
 * @throws JitError `ERR_USAGE` when the provider knows no such export kind
 */
export function writeHandOut(
  broker: Broker,
  grantId: string,
  handOut: HandOut,
  kind: string,
  opened: readonly OpenedEndpoint[] = [],
): HandedOut {
  const env: Record<string, string> = { ...handOut.env };
  const asked = kind === 'reference' ? (handOut.always ?? null) : kind;
  const secrets = asked === null ? {} : handOut.exports[asked];
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
  const tokens = opened.map((_, index) => `endpoint-${index + 1}${tokenSuffix}`);
  for (const [index, { urlVariable, tokenFileVariable, url, token }] of opened.entries()) {
    const place = path.join(folder, tokens[index] ?? '');
    // No newline at the end: SDKs send the bytes of the file as they are.
    writeFleetingFile(place, token.reveal());
    env[urlVariable] = url;
    env[tokenFileVariable] = place;
  }
  for (const [name, secret] of Object.entries(secrets)) env[name] = secret.reveal();
  return {
    env,
    unset: handOut.unset.filter((name) => !(name in env)),
    files: [...handOut.files.map((file) => file.name), ...tokens],
    secrets: asked !== null,
    endpoints: opened.length,
    helpers: asked === null ? Object.keys(handOut.helpers ?? {}).length : 0,
  };
}

/**
 * Removes the files of a grant; nothing there is fine. While its endpoints answer that the grant has ended, the
 * bearer that opens nothing any more stays: without it clients complain about a file instead of telling that.
 */
export function removeHandOut(broker: Broker, grantId: string): void {
  const folder = folderOf(broker, grantId);
  if (!broker.endpoints.has(grantId)) removeTree(folder);
  else if (existsSync(folder)) {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(tokenSuffix)) removeTree(path.join(folder, name));
    }
  }
}

/** Removes what a broker that was killed left of grants that are over. */
export function sweepHandOuts(broker: Broker): void {
  const { ledger, paths } = broker;
  const kept = new Set(
    [...ledger.activeGrants(), ...ledger.openLeases().map(({ grant }) => ({ id: grant }))].map(
      ({ id }) => id,
    ),
  );
  for (const name of readdirSync(paths.grantsDir)) {
    if (!kept.has(name)) removeTree(path.join(paths.grantsDir, name));
  }
}

function folderOf(broker: Broker, grantId: string): string {
  return path.join(broker.paths.grantsDir, grantId);
}
