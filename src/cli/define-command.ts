// What a command is: data. Help, completions, docs/commands.md and the parser all derive from it.
// Owns: the shape of a command and the kinds of its options. Must not: parse, print, or load anything heavy.

import { parseDuration } from '../core/duration.ts';
import { JitError } from '../core/errors.ts';
import { parsePrincipal } from '../core/principal.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import { parseInstant } from './parse-instant.ts';
import type { World } from './world.ts';

/** A positional word of a command. `T` is what `run` gets for it. */
export interface ArgumentSpec<T = unknown> {
  readonly summary: string;
  readonly required: boolean;
  /** Takes every word after `--`, untouched. */
  readonly rest: boolean;
  /** What a shell may complete it with: the names the broker writes, or files. */
  readonly completes: 'target' | 'grant' | 'file' | 'command' | 'topic' | 'shell' | null;
  /** Never present; carries the type of the value. */
  readonly type?: T;
}

/** An option of a command, written `--<key>`. `T` is what `run` gets for it. */
export interface OptionSpec<T = unknown> {
  readonly summary: string;
  /** Name of the value as help shows it, e.g. `duration`; null: a flag without value. */
  readonly value: string | null;
  /** The only values that are valid; null: any. */
  readonly choices: readonly string[] | null;
  readonly repeatable: boolean;
  /** A text of more UTF-16 units is refused: what the broker takes, told with the name of the option. */
  readonly longest: number;
  /** Other spellings, without dashes, not shown in help. */
  readonly aliases: readonly string[];
  /** One letter, without dash. */
  readonly short: string | null;
  /** Turns one given value into what `run` gets; null for flags. @throws JitError with exit code 2 */
  readonly read: ((text: string, now: Instant) => unknown) | null;
  /** Never present; carries the type of the value. */
  readonly type?: T;
}

interface OptionExtras {
  readonly longest?: number;
  readonly aliases?: readonly string[];
  readonly short?: string;
}

/** What names of all kinds may have, and what free texts may have; the broker's own limits. */
export const longestName = 200;
const longestText = 4_000;

function option<T>(
  value: string | null,
  summary: string,
  read: OptionSpec['read'],
  extras: OptionExtras & { choices?: readonly string[]; repeatable?: boolean } = {},
): OptionSpec<T> {
  return {
    summary,
    value,
    read,
    choices: extras.choices ?? null,
    repeatable: extras.repeatable ?? false,
    longest: extras.longest ?? longestText,
    aliases: extras.aliases ?? [],
    short: extras.short ?? null,
  };
}

function wholeNumber(text: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new JitError('ERR_USAGE', `"${text}" is not a whole number from ${least} to ${most}`);
}

function readPrincipal(text: string): string {
  parsePrincipal(text);
  return text;
}

/** The kinds of options. */
export const opt = {
  flag: (summary: string, extras?: OptionExtras) => option<boolean>(null, summary, null, extras),
  text: (value: string, summary: string, extras?: OptionExtras) =>
    option<string | null>(value, summary, (text) => text, extras),
  /** Of a role, a grant, a ticket: short. */
  name: (value: string, summary: string) =>
    option<string | null>(value, summary, (text) => text, { longest: longestName }),
  list: (value: string, summary: string, extras?: OptionExtras) =>
    option<readonly string[]>(value, summary, (text) => text, { ...extras, repeatable: true }),
  choice: <const C extends string>(value: string, choices: readonly C[], summary: string) =>
    option<C | null>(value, summary, (text) => text, { choices }),
  duration: (summary: string, extras?: OptionExtras) =>
    option<Milliseconds | null>('duration', summary, (text) => parseDuration(text), extras),
  /** `user:alice`, `job:…`, `agent:…`. */
  principal: (summary: string) =>
    option<string | null>('principal', summary, readPrincipal, { longest: longestName }),
  /** `2026-11-22T14:00`, `14:00` (today) or a duration ago (`2h`). */
  instant: (summary: string) =>
    option<Instant | null>('time', summary, (text, now) => parseInstant(text, now)),
  count: (value: string, summary: string, least: number, most: number) =>
    option<number | null>(value, summary, (text) => wholeNumber(text, least, most)),
};

function argument<T>(
  summary: string,
  required: boolean,
  rest: boolean,
  completes: ArgumentSpec['completes'],
): ArgumentSpec<T> {
  return { summary, required, rest, completes };
}

/** The kinds of positional words. */
export const arg = {
  required: (summary: string, completes: ArgumentSpec['completes'] = null) =>
    argument<string>(summary, true, false, completes),
  optional: (summary: string, completes: ArgumentSpec['completes'] = null) =>
    argument<string | null>(summary, false, false, completes),
  words: (summary: string, completes: ArgumentSpec['completes'] = null) =>
    argument<readonly string[]>(summary, false, true, completes),
};

/** One line of help that can be copied and run. */
export interface Example {
  readonly command: string;
  readonly does: string;
}

type Values<Specs> = {
  readonly [Key in keyof Specs]: Specs[Key] extends { readonly type?: infer T }
    ? Exclude<T, undefined>
    : never;
};

/** What `run` is given: checked values, and which of the options that every command has were set. */
export interface Invocation<Args = Record<string, unknown>, Options = Record<string, unknown>> {
  readonly args: Args;
  readonly options: Options;
  readonly json: boolean;
}

/** A command as the registry holds it, its value types forgotten. */
export interface Command {
  /** As typed after `jit`, e.g. `policy check`. */
  readonly name: string;
  /** One line, an imperative without full stop. */
  readonly summary: string;
  readonly description: string;
  readonly args: Readonly<Record<string, ArgumentSpec>>;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly Example[];
  /** What `--json` prints, as an example; null: the command prints no data. */
  readonly json: object | null;
  /** A word too many may be a secret, typed where it does not belong: no message repeats it. */
  readonly hidesWords: boolean;
  /** @returns the exit code. @throws JitError for everything that a user can meet. */
  readonly run: (world: World, invocation: Invocation) => Promise<number>;
}

/** What a file in commands/ states. `--json` is there exactly when `json` is given. */
export interface CommandDefinition<
  Args extends Record<string, ArgumentSpec>,
  Options extends Record<string, OptionSpec>,
> {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly args: Args;
  readonly options: Options;
  readonly examples: readonly [Example, ...Example[]];
  readonly json?: object;
  readonly hidesWords?: true;
  readonly run: (world: World, invocation: Invocation<Values<Args>, Values<Options>>) => Promise<number>;
}

/** States a command; checks nothing at run time, the types do. */
export function defineCommand<
  const Args extends Record<string, ArgumentSpec>,
  const Options extends Record<string, OptionSpec>,
>(definition: CommandDefinition<Args, Options>): Command {
  return {
    ...definition,
    description: definition.description ?? '',
    json: definition.json ?? null,
    hidesWords: definition.hidesWords ?? false,
    // The parser builds the values by these very specs, so the types hold although the registry forgets them.
    run: definition.run as unknown as Command['run'],
  };
}

/** Options that every command takes, before or after its name. */
export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  config: opt.text('file', 'use this configuration instead of the usual one'),
  'no-input': opt.flag('never ask; fail with the name of the missing flag'),
  color: opt.flag('use colours even when the output is not a terminal'),
  'no-color': opt.flag('use no colours'),
  plain: opt.flag('for screen readers: no columns, nothing redrawn, questions as numbered lists'),
  quiet: opt.flag('no progress, no summaries; errors and warnings stay', { short: 'q' }),
  debug: opt.flag('show the stack of an unexpected failure'),
  help: opt.flag('show this help', { short: 'h' }),
};

/** `--json`, for commands that print data. */
export const jsonOption: OptionSpec = opt.flag('print JSON on stdout; a failure is JSON on stderr');
