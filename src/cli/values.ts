// Raw words and option texts -> the values that a command's `run` gets. Owns: arity, empties, doubles, choices.

import { JitError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Instant } from '../core/time.ts';
import { type ArgumentSpec, type Command, longestName, type OptionSpec } from './define-command.ts';

/** By option key: `true` for flags, every given text for the others. */
export type RawValues = Readonly<Record<string, unknown>>;

const helpOf = (command: Command | null): string => (command ? `jit ${command.name} --help` : 'jit help');

/**
 * Values by key, in the command's own types: flags are booleans, missing texts null, missing lists empty.
 * @throws JitError `ERR_USAGE` or what the option's own reader throws.
 */
export function readOptions(
  specs: Readonly<Record<string, OptionSpec>>,
  raw: RawValues,
  now: Instant,
  command: Command | null,
): Record<string, unknown> {
  const entries = Object.entries(specs).map(([key, spec]) => [
    key,
    readOption(key, spec, raw[key], now, command),
  ]);
  return Object.fromEntries(entries);
}

function readOption(
  key: string,
  spec: OptionSpec,
  given: unknown,
  now: Instant,
  command: Command | null,
): unknown {
  const read = spec.read;
  if (!read) return given === true;
  const texts = Array.isArray(given) ? (given as string[]) : [];
  for (const text of texts) refuseOdd(key, spec, text, command);
  if (spec.repeatable) return texts.map((text) => read(text, now));
  if (texts.length > 1)
    throw new JitError('ERR_USAGE', `option "--${key}" is given twice`, { hint: helpOf(command) });
  return texts[0] === undefined ? null : readOne(key, read, texts[0], now);
}

/** A reader's own message, with the option in front: `option "--for": …`. */
function readOne(key: string, read: NonNullable<OptionSpec['read']>, text: string, now: Instant): unknown {
  try {
    return read(text, now);
  } catch (error) {
    if (!(error instanceof JitError)) throw error;
    const options = error.hint === undefined ? {} : { hint: error.hint };
    throw new JitError(error.code, `option "--${key}": ${error.message}`, options);
  }
}

function tooLong(what: string, longest: number, text: string, command: Command | null): JitError {
  const message = `${what} takes at most ${longest} characters, found ${text.length}`;
  return new JitError('ERR_USAGE', message, { hint: helpOf(command) });
}

function refuseOdd(key: string, spec: OptionSpec, text: string, command: Command | null): void {
  if (text.trim() === '')
    throw new JitError('ERR_USAGE', `option "--${key}" is empty`, { hint: helpOf(command) });
  if (text.length > spec.longest) throw tooLong(`option "--${key}"`, spec.longest, text, command);
  if (!spec.choices || spec.choices.includes(text)) return;
  const close = nearest(text, spec.choices);
  throw new JitError('ERR_USAGE', `option "--${key}" does not know "${text}"`, {
    hint: close ? `did you mean: --${key} ${close}` : `one of: ${spec.choices.join(', ')}`,
  });
}

/**
 * Words by the name of their argument. `tail` is what stood after `--`; null: there was no `--`.
 * @throws JitError `ERR_USAGE`
 */
export function readArguments(
  command: Command,
  words: readonly string[],
  tail: readonly string[] | null,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const takesRest = Object.values(command.args).some((spec) => spec.rest);
  const all = takesRest ? [...words] : [...words, ...(tail ?? [])];
  for (const [name, spec] of Object.entries(command.args)) {
    if (spec.rest) values[name] = readRest(tail);
    else values[name] = readWord(command, name, spec, all.shift());
  }
  if (all.length === 0) return values;
  if (command.hidesWords) {
    throw new JitError(
      'ERR_USAGE',
      `"jit ${command.name}" takes no value on the command line, where others can read it`,
      {
        hint: `jit ${command.name} asks for it, or reads it from standard input`,
      },
    );
  }
  const hint = takesRest
    ? `put "--" before the command: jit ${command.name} … -- ${all.join(' ')}`
    : helpOf(command);
  throw new JitError('ERR_USAGE', `unexpected argument "${all[0]}"`, { hint });
}

/** A target may be followed by a colon and its role. */
const longestWord: Readonly<Record<string, number>> = { target: 2 * longestName + 1, grant: longestName };

function readWord(
  command: Command,
  name: string,
  { required, completes }: ArgumentSpec,
  word: string | undefined,
): string | null {
  if (word !== undefined && word.trim() === '') {
    throw new JitError('ERR_USAGE', `argument <${name}> is empty`, { hint: helpOf(command) });
  }
  const longest = longestWord[completes ?? ''];
  if (longest !== undefined && word !== undefined && word.length > longest) {
    throw tooLong(`argument <${name}>`, longest, word, command);
  }
  if (word === undefined && required) {
    throw new JitError('ERR_USAGE', `"jit ${command.name}" needs <${name}>`, { hint: helpOf(command) });
  }
  return word ?? null;
}

function readRest(tail: readonly string[] | null): readonly string[] {
  if (!tail) return [];
  if (tail.length > 0 && tail[0] !== '') return tail;
  throw new JitError('ERR_USAGE', 'no command after "--"', { hint: 'name one, e.g.: -- psql' });
}
