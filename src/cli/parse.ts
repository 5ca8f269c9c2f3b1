// argv -> which command, with which words and values. Commander does the parsing, built from the registry;
// what is wrong is said in our own words. Must not: print, exit, or run anything.

import { CommanderError, Option, Command as Parser } from 'commander';
import { JitError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Instant } from '../core/time.ts';
import type { Command, OptionSpec } from './define-command.ts';
import { commonOptions, jsonOption } from './define-command.ts';
import { type RawValues, readArguments, readOptions } from './values.ts';

/** What was typed, understood. */
export interface Parsed {
  /** null: only `jit` and options. */
  readonly command: Command | null;
  readonly args: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly common: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

interface Found {
  readonly command: Command | null;
  readonly words: readonly string[];
  readonly raw: RawValues;
}

/** All options that a command takes, the common ones and `--json` included. */
function optionsOf(command: Command | null): Record<string, OptionSpec> {
  return { ...command?.options, ...(command?.json && { json: jsonOption }), ...commonOptions };
}

function addOptions(parser: Parser, specs: Readonly<Record<string, OptionSpec>>): void {
  for (const [key, spec] of Object.entries(specs)) {
    for (const name of [key, ...spec.aliases]) {
      const short = spec.short && name === key ? `-${spec.short}, ` : '';
      const option = new Option(`${short}--${name}${spec.value ? ' <value>' : ''}`);
      // Commander would read --no-input as "input is off"; here a flag is what it is called.
      option.negate = false;
      option.attributeName = () => key;
      // Every given value is kept, so that one given twice can be refused.
      if (spec.value) option.argParser((text: string, all: string[] | undefined) => [...(all ?? []), text]);
      parser.addOption(option);
    }
  }
}

function quiet(parser: Parser): Parser {
  return parser
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .showSuggestionAfterError(false)
    .helpOption(false)
    .helpCommand(false)
    .enablePositionalOptions()
    .allowExcessArguments()
    .argument('[words...]');
}

function unknownCommand(typed: string, group: string, names: readonly string[]): JitError {
  const close = nearest(typed, names);
  const inside = group ? `${group} ` : '';
  return new JitError('ERR_USAGE', `unknown command "${inside}${typed}"`, {
    hint: close ? `did you mean: jit ${inside}${close}` : 'jit help',
  });
}

function understandGroup(group: string, names: readonly string[], words: readonly string[]): Found {
  const [first] = words;
  if (first?.startsWith('-')) throw unknownOption(first, Object.keys(commonOptions), 'jit help');
  if (first !== undefined) throw unknownCommand(first, group, names);
  if (!group) return { command: null, words: [], raw: {} };
  throw new JitError('ERR_USAGE', `"jit ${group}" needs one of: ${names.join(', ')}`, {
    hint: `jit ${group} ${names[0]} --help`,
  });
}

/**
 * One parser for `jit`, one for each group (`policy`, `audit`, `broker`), one for each command; only those whose
 * words are in `argv`, because building all of them would take a quarter of the time of a whole run.
 */
function buildParser(
  registry: readonly Command[],
  argv: readonly string[],
  found: (result: Found) => void,
): Parser {
  const root = quiet(new Parser('jit'));
  addOptions(root, { ...commonOptions, version: { ...jsonOption, short: 'V' } });
  const groups = new Map<string, Parser>();
  const lone = new Map<string, Parser>();
  const childNames = (group: string): string[] =>
    registry
      .map(({ name }) => name.split(' '))
      .filter((path) => (group ? path[0] === group && path.length === 2 : true))
      .map((path) => (group ? path[1] : path[0]) ?? '')
      .filter((name, index, all) => all.indexOf(name) === index);

  const asGroup = (parser: Parser, name: string): void => {
    parser.allowUnknownOption().action(() => {
      const raw = parser.optsWithGlobals();
      if (name && raw.help) found({ command: null, words: [name], raw });
      else found({ ...understandGroup(name, childNames(name), parser.args), raw });
    });
  };
  asGroup(root, '');

  for (const command of registry) {
    const [first = '', second] = command.name.split(' ');
    if (!argv.includes(first)) continue;
    let parent = root;
    if (second) {
      // `jit init` is a command, and `jit init aws` is another one.
      parent = groups.get(first) ?? lone.get(first) ?? quiet(root.command(first));
      if (!groups.has(first) && !lone.has(first)) {
        addOptions(parent, commonOptions);
        asGroup(parent, first);
        groups.set(first, parent);
      }
      if (!argv.includes(second)) continue;
    }
    const parser = quiet(parent.command(second ?? first));
    if (!second) lone.set(first, parser);
    addOptions(parser, optionsOf(command));
    parser.action(() => found({ command, words: parser.args, raw: merged(parser) }));
  }
  return root;
}

/** Options before the command's name count as well; those nearer to the command win. */
function merged(parser: Parser): RawValues {
  return { ...parser.parent?.parent?.opts(), ...parser.parent?.opts(), ...parser.opts() };
}

function unknownOption(flag: string, known: readonly string[], hint: string): JitError {
  const name = flag.replace(/=.*/s, '');
  if (name !== flag && known.includes(name.replace(/^--/, ''))) {
    return new JitError('ERR_USAGE', `option "${name}" takes no value`, { hint });
  }
  // What follows the letter of `-psecret`, or the name in `--token:secret`, is not told: it may be a secret.
  const shown = /^(?:--[\w-]*|-.?)/su.exec(name)?.[0] ?? '-';
  const close = nearest(name.replace(/^-+/, ''), known);
  return new JitError('ERR_USAGE', `unknown option "${shown}"`, {
    hint: close ? `did you mean: --${close}` : hint,
  });
}

/** `jit elevate prod-db psql -c …`: the option is one of the command, and `--` was forgotten; null: it was not that. */
function forgottenDashes(command: Command | null, head: readonly string[]): string | null {
  if (!command || !Object.values(command.args).some(({ rest }) => rest)) return null;
  const name = command.name.split(' ');
  const [target, first] = head.slice(name.length);
  if (target === undefined || first === undefined) return null;
  const isPlain = !target.startsWith('-') && !first.startsWith('-');
  return isPlain ? `put "--" before the command: jit ${command.name} ${target} -- ${first} …` : null;
}

/** Commander's own complaints in our words. */
function translate(error: CommanderError, command: Command | null, head: readonly string[]): JitError {
  const quoted = /'([^']*)'/s.exec(error.message)?.[1] ?? '';
  const help = command ? `jit ${command.name} --help` : 'jit help';
  if (error.code === 'commander.unknownOption') {
    const hint = forgottenDashes(command, head) ?? help;
    return unknownOption(quoted, Object.keys(optionsOf(command)), hint);
  }
  if (error.code === 'commander.optionMissingArgument') {
    const flag = quoted.replace(/ <value>$/, '').replace(/^-\w, /, '');
    return new JitError('ERR_USAGE', `option "${flag}" needs a value`, { hint: help });
  }
  return new JitError('ERR_USAGE', error.message.replace(/^error: /, ''), { hint: help });
}

/** `--reason --ticket X`: the value was forgotten, and the next flag would silently become it. */
function refuseForgottenValues(head: readonly string[], specs: Readonly<Record<string, OptionSpec>>): void {
  const named = (word: string | undefined): OptionSpec | undefined =>
    word?.startsWith('--') ? specs[word.slice(2).replace(/=.*/s, '')] : undefined;
  head.forEach((word, index) => {
    const next = head[index + 1];
    if (!named(word)?.value || word.includes('=') || !named(next)) return;
    throw new JitError('ERR_USAGE', `option "${word}" needs a value, found "${next}"`, {
      hint: `if that is meant as text: ${word}=${next}`,
    });
  });
}

/** `jit init --host db aws`: an option of the command whose name begins the same, before the second word. */
function refuseStrayOptions(raw: RawValues, command: Command | null): void {
  const known = Object.keys(optionsOf(command));
  const stray = Object.keys(raw).find((key) => key !== 'version' && !known.includes(key));
  if (command && stray !== undefined) throw unknownOption(`--${stray}`, known, `jit ${command.name} --help`);
}

/** The command that the first plain words name, for messages about its options. */
function likelyCommand(registry: readonly Command[], argv: readonly string[]): Command | null {
  const words = argv.filter((word) => !word.startsWith('-'));
  const named = (length: number): Command | undefined =>
    registry.find(
      ({ name }) => words.slice(0, length).join(' ') === name && name.split(' ').length === length,
    );
  return named(2) ?? named(1) ?? null;
}

/**
 * Understands `argv` (without node and script).
 * @throws JitError with exit code 2 for everything malformed.
 */
export function parseCommandLine(
  registry: readonly Command[],
  argv: readonly string[],
  now: Instant,
): Parsed {
  const end = argv.indexOf('--');
  const head = end === -1 ? argv : argv.slice(0, end);
  const tail = end === -1 ? null : argv.slice(end + 1);

  let result: Found = { command: null, words: [], raw: {} };
  const parser = buildParser(registry, head, (found) => {
    result = found;
  });
  try {
    parser.parse([...head], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw translate(error, likelyCommand(registry, head), head);
    throw error;
  }

  const { command, words, raw } = result;
  refuseStrayOptions(raw, command);
  refuseForgottenValues(head, optionsOf(command));
  const help = raw.help === true;
  const flags = { help, version: raw.version === true };
  const common = readOptions(commonOptions, raw, now, command);
  if (help || !command) {
    const args = words.length ? { group: words[0] } : {};
    if (tail?.length && !help)
      throw new JitError('ERR_USAGE', 'a command after "--" needs "jit elevate"', {
        hint: 'jit elevate --help',
      });
    return { command, args, options: {}, common, json: false, ...flags };
  }
  const args = readArguments(command, words, tail);
  const options = readOptions(command.options, raw, now, command);
  return { command, args, options, common, json: raw.json === true, ...flags };
}
