// What the commands that write a first configuration have in common: a flag's value, else a question, else an error
// that names the flag. Must not: know any vendor.

import { formatDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { InitFrame } from '../../protocol/offline.ts';
import { escapeText } from '../escape.ts';
import { quotedWord } from '../quoted-word.ts';
import type { World } from '../world.ts';

/** Asks until the answer can be read: one slip must not lose the answers before it. */
export async function askFor<T>(
  { ask, out }: World,
  question: string,
  read: (text: string) => T,
  fallback?: string,
): Promise<T> {
  for (;;) {
    const answer = await ask.text(question, fallback);
    try {
      return read(answer);
    } catch (error) {
      if (!(error instanceof JitError)) throw error;
      out.note(`jit: ${escapeText(error.message)}`);
      if (error.hint !== undefined) out.hint(error.hint);
    }
  }
}

/** A value that a command cannot do without. */
export interface Wanted<T> {
  readonly flag: string;
  readonly given: string | null;
  readonly question: string;
  readonly read: (text: string) => T;
  /** What is likely; offered with the question. */
  readonly fallback?: string | undefined;
}

/** @param command as typed after `jit` */
export function missing(command: string, flag: string): JitError {
  return new JitError('ERR_INPUT_NEEDED', `"jit ${command}" needs "${flag}"`, {
    hint: `jit ${command} --help`,
  });
}

/** A flag's value, else the answer to a question, else an error that names the flag. */
export async function need<T>(world: World, command: string, wanted: Wanted<T>): Promise<T> {
  const { flag, given, question, read, fallback } = wanted;
  if (given !== null) return read(given);
  if (world.interactive) return askFor(world, question, read, fallback);
  throw missing(command, flag);
}

/** Where the configuration is to be written. @throws JitError `ERR_CONFLICT` when one is there and `force` is not given */
export function freshPath(world: World, force: boolean): string {
  const path = world.configPath(world.config);
  if (force || !world.exists(path)) return path;
  throw new JitError('ERR_CONFLICT', `the configuration "${path}" is there already`, {
    hint: 'write another one with --config and copy its target from there, or replace this one with --force',
  });
}

/** As the configuration takes it. */
export function parseTarget(text: string): string {
  if (/^[a-z][a-z0-9._-]{0,39}$/.test(text)) return text;
  throw new JitError('ERR_USAGE', `"${text}" is not a name of a target`, {
    hint: 'a small letter, then small letters, digits, ".", "_" and "-", at most 40 in all; e.g. prod-db',
  });
}

/** `name=what` per role. @throws JitError `ERR_USAGE` for one that is named twice */
export function rolesFrom<T>(
  texts: readonly string[],
  read: (text: string) => readonly [string, T],
  ifTwice: (name: string) => string,
): Record<string, T> {
  const roles = texts.map(read);
  const twice = roles.find(([name], index) => roles.findIndex(([other]) => other === name) !== index);
  if (!twice) return Object.fromEntries(roles);
  throw new JitError('ERR_USAGE', `option "--role" names "${twice[0]}" twice`, { hint: ifTwice(twice[0]) });
}

/** The commands that come next. `--config` is repeated when the configuration is not where jit looks by itself. */
export function firstSteps(world: World, frame: InitFrame, roles: readonly string[]) {
  const jit = world.config === null ? 'jit' : `jit --config ${quotedWord(world.config)}`;
  const [role] = roles;
  const name = roles.length > 1 ? `${frame.target}:${role}` : frame.target;
  return {
    doctor: `${jit} doctor ${frame.target}`,
    elevate: `${jit} elevate ${name} --for ${formatDuration(Math.min(frame.maxDuration, 1_800_000))}`,
  };
}

/** What was written, and what is left to do, in order. */
export function tellSteps({ out }: World, lines: readonly string[], steps: readonly string[]): void {
  const [first = '', ...rest] = lines;
  out.note(`jit: ${escapeText(first)}`);
  for (const line of rest) out.note(`     ${escapeText(line)}`);
  for (const [index, step] of steps.entries()) out.note(`     ${index + 1}. ${escapeText(step)}`);
}
