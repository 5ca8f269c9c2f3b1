// The file that shell prompts read: one grant a line, absolute times, nothing to escape. Owns: its format, what is in
// it and in which order. Must not: be milder than the truth, nor fail what it is a nicety of.
//
// Format 3: `jit1 3`, then `<end, epoch seconds> <grant> <target> <role> <low|medium|high> <active|overdue>`, what is to
// be shown first coming first. An active line is over at its end, also when nobody rewrites the file any more. An
// overdue one counts until the file is rewritten: the grant has ended, its credential is not confirmed gone.

import { existsSync } from 'node:fs';
import { toJitError } from '../core/errors.ts';
import type { Grant } from '../core/grant.ts';
import type { Lease } from '../core/lease.ts';
import { writeFleetingFile } from '../system/files.ts';
import type { Broker } from './broker.ts';
import { riskOf } from './views.ts';
import { isEndAwaited } from './withdrawal.ts';

/** What the file of a broker is known to hold, and whether nobody will try to revoke after it was written. */
interface Written {
  text: string | null;
  isLast: boolean;
}

const files = new WeakMap<Broker, Written>();

/** The lines of the file as they have to be now, by grant, in their order. */
export function promptLines(broker: Broker): ReadonlyMap<string, string> {
  const now = broker.clock.now();
  const active = broker.ledger
    .activeGrants()
    .filter(({ state, deadline }) => state === 'active' && (deadline ?? 0) > now);
  const overdue = overdueGrants(broker);
  const isOverdue = new Set(overdue);
  const lines = [
    ...overdue.map((grant) => lineOf(broker, grant, endOf(grant), 'overdue')).sort(byEnd),
    ...active
      .filter((grant) => !isOverdue.has(grant))
      .map((grant) => lineOf(broker, grant, grant.deadline ?? 0, 'active'))
      .sort(byEnd),
  ];
  return new Map(lines.map(({ grant, text }) => [grant, text]));
}

/**
 * Rewrites the file, to be called at every change of what it tells. Failure is logged, never thrown, and made up for
 * by {@link mendPromptState}.
 */
export function writePromptState(broker: Broker): void {
  write(broker, textOf(promptLines(broker)));
}

/**
 * Rewrites the file if it is not as it has to be: a write failed, somebody took it away. True when it is right now.
 * @param lines of {@link promptLines}
 */
export function mendPromptState(broker: Broker, lines: ReadonlyMap<string, string>): boolean {
  const text = textOf(lines);
  if (text !== fileOf(broker).text || !existsSync(broker.paths.promptState)) write(broker, text);
  return fileOf(broker).text === text;
}

/** From here on nobody tries to revoke: whatever may still give access counts as overdue. */
export function writeLastPromptState(broker: Broker): void {
  fileOf(broker).isLast = true;
  writePromptState(broker);
}

function write(broker: Broker, text: string): void {
  const file = fileOf(broker);
  try {
    writeFleetingFile(broker.paths.promptState, text);
    file.text = text;
  } catch (thrown) {
    // Told once, however often it is tried again.
    if (file.text !== null) {
      broker.log.warn(`the prompt-state file cannot be written: ${toJitError(thrown).message}`);
    }
    file.text = null;
  }
}

function textOf(lines: ReadonlyMap<string, string>): string {
  return ['jit1 3', ...lines.values()].map((line) => `${line}\n`).join('');
}

function fileOf(broker: Broker): Written {
  const known = files.get(broker);
  if (known) return known;
  // Not null: the first failure has to be told.
  const fresh: Written = { text: '', isLast: false };
  files.set(broker, fresh);
  return fresh;
}

/** The grants that something is left of which should be gone. */
function overdueGrants(broker: Broker): Grant[] {
  const { isLast } = fileOf(broker);
  const left = broker.ledger
    .openLeases()
    .filter((lease) => lease.state === 'overdue' || (isLast && isLeftBehind(broker, lease)));
  return [...new Set(left.map(({ grant }) => grant))]
    .map((id) => broker.ledger.grant(id))
    .filter((grant): grant is Grant => grant !== null);
}

/** Somebody may have access by it, and it has no end of its own that is being waited for. */
function isLeftBehind(broker: Broker, lease: Lease): boolean {
  return lease.accessEndedAt === null && !isEndAwaited(broker, lease);
}

/** When it was over. Readers of the format before take a line with an end in the past for what is no more. */
function endOf({ deadline, endedAt }: Grant): number {
  return Math.min(deadline ?? Number.POSITIVE_INFINITY, endedAt ?? deadline ?? 0);
}

interface Line {
  readonly grant: string;
  readonly end: number;
  readonly text: string;
}

function lineOf(broker: Broker, grant: Grant, end: number, state: 'active' | 'overdue'): Line {
  const seconds = Math.max(0, Math.floor(end / 1000));
  const names = `${plain(grant.target)} ${plain(grant.role)}`;
  const text = `${seconds} ${grant.id} ${names} ${riskOf(broker, grant.target)} ${state}`;
  return { grant: grant.id, end, text };
}

/** By id where ends are equal, so that nothing jumps in a prompt. */
function byEnd(one: Line, other: Line): number {
  return one.end - other.end || (one.grant < other.grant ? -1 : 1);
}

const forbidden = /[^A-Za-z0-9._/@:+-]/g;

function plain(name: string): string {
  return name.replace(forbidden, '_').slice(0, 40);
}
