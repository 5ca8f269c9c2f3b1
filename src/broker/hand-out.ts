// Giving a child its credential by reference: files in a private folder of the grant, gone when it ends.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { JitError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Milliseconds } from '../core/time.ts';
import type { HandOut, Provider } from '../providers/provider.ts';
import { ensurePrivateDirectory } from '../system/directories.ts';
import { removeTree, writeFleetingFile } from '../system/files.ts';
import { randomId } from '../system/random.ts';
import type { Broker } from './broker.ts';
import type { OpenedEndpoint } from './endpoint.ts';
import { placeTombstones, rememberTombstones } from './tombstones.ts';

/** What a child is started with. `secrets`: the names of those values that are one. */
export interface HandedOut {
  readonly env: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  readonly files: readonly string[];
  readonly secrets: readonly string[];
  /** How many endpoints serve it. */
  readonly endpoints: number;
  /** How many kinds of helpers are given it from memory, when nothing else of it was handed out. */
  readonly helpers: number;
}

/** Ends the name of a file that holds the bearer of an endpoint. */
const tokenSuffix = '.token';

/**
 * To be called before anything is issued.
 * @param name `<target>:<role>`
 * @throws JitError `ERR_USAGE` when the provider knows no such export kind; `ERR_UNSUPPORTED` when it has no token
 */
export function checkExportKind({ exports }: Pick<Provider, 'exports'>, name: string, kind: string): void {
  if (kind === 'reference' || exports.includes(kind)) return;
  if (kind === 'token') {
    throw new JitError('ERR_UNSUPPORTED', `"${name}" has no token that could be printed`, {
      hint: `jit env ${name} gives what it has; jit elevate ${name} hands it to a shell`,
    });
  }
  const known = ['reference', ...exports.filter((one) => one !== 'token')];
  throw new JitError('ERR_USAGE', `"${name}" cannot export as "${kind}"; it can: ${known.join(', ')}`, {
    hint: `jit elevate ${name} --export ${exports[0] ?? 'reference'}`,
  });
}

/**
 * Writes the files of a hand-out, 0600 in a 0700 folder, and names them in the environment.
 * @param kind `reference`, or an export kind of the provider, which puts secrets into the environment
 * @param opened its endpoints
 */
export function writeHandOut(
  broker: Broker,
  grantId: string,
  handOut: HandOut,
  kind: string,
  opened: readonly OpenedEndpoint[] = [],
): HandedOut {
  const env: Record<string, string> = { ...handOut.env };
  const secrets = kind === 'reference' ? {} : handOut.exports[kind];
  if (secrets === undefined) throw new TypeError(`nothing was made to be exported as "${kind}"`);
  const folder = folderOf(broker, grantId);
  ensurePrivateDirectory(folder);
  for (const file of handOut.files) {
    const place = path.join(folder, file.name);
    writeFleetingFile(place, file.content.reveal());
    env[file.variable] = place;
  }
  rememberTombstones(broker, grantId, handOut.files);
  const tokens = opened.map((_, index) => `endpoint-${index + 1}${tokenSuffix}`);
  for (const [index, { urlVariable, tokenFileVariable, url, token }] of opened.entries()) {
    const place = path.join(folder, tokens[index] ?? '');
    // No newline at the end: SDKs send the bytes of the file as they are.
    writeFleetingFile(place, token.reveal());
    env[urlVariable] = url;
    env[tokenFileVariable] = place;
  }
  for (const [name, secret] of Object.entries(secrets)) {
    broker.onSecret(secret);
    env[name] = secret.reveal();
  }
  return {
    env,
    unset: handOut.unset.filter((name) => !(name in env)),
    files: [...handOut.files.map((file) => file.name), ...tokens],
    secrets: Object.keys(secrets),
    endpoints: opened.length,
    helpers: kind === 'reference' && opened.length === 0 ? Object.keys(handOut.helpers ?? {}).length : 0,
  };
}

/** Pages that lead to a link end like this. */
const pageSuffix = '.html';
/** Longer than any browser takes to open a page. */
const pageLife: Milliseconds = 60_000;

/** Writes a page that leads to a secret link, 0600; gone after a minute, or with the grant. @returns its path */
export function writeLinkPage(broker: Broker, grantId: string, link: Secret): string {
  const folder = folderOf(broker, grantId);
  ensurePrivateDirectory(folder);
  const file = path.join(folder, `console-${randomId(broker.random, 10)}${pageSuffix}`);
  writeFleetingFile(file, pageTo(link.reveal()));
  broker.clock.after(pageLife, () => {
    try {
      removeTree(file);
    } catch (thrown) {
      broker.log.warn(`the page of grant ${grantId} cannot be removed`, thrown);
    }
  });
  return file;
}

/** Tells nobody where it came from. */
function pageTo(link: string): string {
  const escaped = link.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return [
    '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>jit</title>',
    `<meta http-equiv="refresh" content="0;url=${escaped}">`,
    `<p><a href="${escaped}" rel="noreferrer">Sign in</a></p>`,
    '',
  ].join('\n');
}

/**
 * Removes the files of a grant; nothing there is fine. While its endpoints answer that the grant has ended, the
 * bearer that opens nothing any more stays, as does what is no secret: without them clients complain about a file
 * instead of telling that. What else would make them ask is replaced while a shell goes on.
 */
export function removeHandOut(broker: Broker, grantId: string): void {
  const folder = folderOf(broker, grantId);
  const held = broker.endpoints.get(grantId);
  if (!held) {
    removeTree(folder);
    placeTombstones(broker, grantId, folder);
  } else if (existsSync(folder)) {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(tokenSuffix) && !held.lingering.includes(name)) removeTree(path.join(folder, name));
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
    const folder = path.join(paths.grantsDir, name);
    if (kept.has(name)) removePages(folder);
    else removeTree(folder);
  }
}

function removePages(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith(pageSuffix)) removeTree(path.join(folder, name));
  }
}

function folderOf(broker: Broker, grantId: string): string {
  return path.join(broker.paths.grantsDir, grantId);
}
