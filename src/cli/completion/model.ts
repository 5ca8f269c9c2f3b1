// What shells may complete, as data derived from the registry. Must not: know a shell, or a command by name.

import { type Command, commonOptions, type OptionSpec, opt } from '../define-command.ts';
import { ownOptions, summaryOf } from '../help.ts';
import { topics } from '../topics/all.ts';

/**
 * What a word is completed with: `target` are names of targets, `target-role` also `<target>:<role>`; `words` are those
 * beside it; `none`: it takes a value that nobody can foresee.
 */
export type Kind =
  | 'target'
  | 'target-role'
  | 'role'
  | 'scope'
  | 'grant'
  | 'duration'
  | 'file'
  | 'topic'
  | 'words'
  | 'none';

/** A value, and the words that are possible when its kind is `words`. */
export interface Value {
  readonly kind: Kind;
  readonly words: readonly string[];
}

/** A word that may come next, with what it does. */
export interface Offer {
  readonly word: string;
  readonly summary: string;
}

/** What may follow the words of a command or of a group; the path of the root is empty. */
export interface Node {
  readonly path: string;
  /** Second words of a group, or all first ones. */
  readonly children: readonly Offer[];
  /** Options with dashes; those that every command takes stand at the root only. */
  readonly flags: readonly Offer[];
  /** The positional words, in order. */
  readonly args: readonly Value[];
  /** Whether a command of the system may follow `--`. */
  readonly rest: boolean;
  /** The same of them that take a value, hidden spellings included. */
  readonly values: Readonly<Record<string, Value>>;
}

/** Lengths that are offered; any other can be typed. */
export const durations = ['15m', '30m', '1h'] as const;

/** What `jit help` explains besides the commands. */
export const extraTopics: readonly Offer[] = topics.map(({ name, summary }) => ({ word: name, summary }));

const shells = ['bash', 'zsh', 'fish'] as const;
const byName = new Set<string>(['target', 'role', 'scope', 'grant', 'duration', 'file']);
const isKind = (name: string): name is Kind => byName.has(name);
const value = (kind: Kind, words: readonly string[] = []): Value => ({ kind, words });

/** What the value of an option is completed with: by its choices, else by the name that help gives it. */
function optionValue(spec: OptionSpec): Value {
  if (spec.choices) return value('words', spec.choices);
  return value(isKind(spec.value ?? '') ? (spec.value as Kind) : 'none');
}

function valuesOf(specs: Readonly<Record<string, OptionSpec>>): Record<string, Value> {
  const taking = Object.entries(specs).filter(([, spec]) => spec.value !== null);
  const spelled = taking.flatMap(([key, spec]) =>
    [key, ...spec.aliases].map((name) => [`--${name}`, optionValue(spec)]),
  );
  return Object.fromEntries(spelled);
}

/** A target is followed by its role only where `--role` would be understood as well. */
function argumentValues({ args, options }: Command): Value[] {
  const plain = Object.values(args).filter(({ rest }) => !rest);
  return plain.map(({ completes }) => {
    if (completes === 'target') return value('role' in options ? 'target-role' : 'target');
    if (completes === 'shell') return value('words', shells);
    return value(completes === 'command' || completes === null ? 'none' : completes);
  });
}

const flagsOf = (specs: Readonly<Record<string, OptionSpec>>): Offer[] =>
  Object.entries(specs).map(([key, spec]) => ({ word: `--${key}`, summary: summaryOf(spec) }));

function childrenOf(registry: readonly Command[], path: string): Offer[] {
  const depth = path === '' ? 0 : path.split(' ').length;
  const offers = new Map<string, string>();
  for (const { name, summary } of registry) {
    const words = name.split(' ');
    const word = words[depth];
    if (word === undefined || words.slice(0, depth).join(' ') !== path) continue;
    const isGroup = words.length > depth + 1;
    if (!isGroup) offers.set(word, summary);
    else if (!offers.has(word)) offers.set(word, `one of the commands of "${word}"`);
  }
  return [...offers].map(([word, summary]) => ({ word, summary }));
}

const rootOptions = { ...commonOptions, version: opt.flag('show the version') };

/** The root first, then groups and commands as they stand in the registry. */
export function nodesOf(registry: readonly Command[]): Node[] {
  const paths = registry.flatMap(({ name }) =>
    name.includes(' ') ? [name.split(' ')[0] ?? '', name] : [name],
  );
  return ['', ...new Set(paths)].map((path) => {
    const command = registry.find(({ name }) => name === path);
    const specs = path === '' ? rootOptions : command ? ownOptions(command) : {};
    return {
      path,
      children: childrenOf(registry, path),
      flags: flagsOf(specs),
      args: command ? argumentValues(command) : [],
      rest: Object.values(command?.args ?? {}).some(({ rest }) => rest),
      values: valuesOf(specs),
    };
  });
}

/** One kind of values, and whose they are: `elevate --for`; an empty path stands for every command. */
export interface Use {
  readonly value: Value;
  readonly options: readonly { readonly path: string; readonly flag: string }[];
}

/** Values by what they are completed with, so that a script names each kind once. */
export function usesOf(nodes: readonly Node[]): Use[] {
  const uses = new Map<string, { value: Value; options: { path: string; flag: string }[] }>();
  for (const { path, values } of nodes) {
    for (const [flag, found] of Object.entries(values)) {
      const key = [found.kind, ...found.words].join(' ');
      const use = uses.get(key) ?? { value: found, options: [] };
      use.options.push({ path, flag });
      uses.set(key, use);
    }
  }
  return [...uses.values()];
}
