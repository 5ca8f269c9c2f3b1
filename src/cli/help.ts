// Help as text, derived from the registry. Must not: know any command by name, except in its own hints.

import { type Command, commonOptions, jsonOption, type OptionSpec } from './define-command.ts';
import { pairs } from './listing.ts';
import type { Output } from './output.ts';
import { topics } from './topics/all.ts';
import type { Part, Topic } from './topics/topic.ts';

/** `jit elevate <target> [options] [-- command…]` */
export function usageOf(command: Command): string {
  const words = Object.entries(command.args).map(([name, spec]) => {
    if (spec.rest) return `[-- ${name}…]`;
    return spec.required ? `<${name}>` : `[${name}]`;
  });
  const rest = words.filter((word) => word.startsWith('[--'));
  const plain = words.filter((word) => !word.startsWith('[--'));
  const options = Object.keys(command.options).length ? ['[options]'] : [];
  return ['jit', command.name, ...plain, ...options, ...rest].join(' ');
}

/** `--for <duration>` */
export function flagOf(key: string, spec: OptionSpec): string {
  const value = spec.choices ? ` <${spec.choices.join('|')}>` : spec.value ? ` <${spec.value}>` : '';
  return `${spec.short ? `-${spec.short}, ` : ''}--${key}${value}`;
}

/** What the option does, with the notes that its kind brings. */
export function summaryOf(spec: OptionSpec): string {
  const notes = [
    ...(spec.repeatable ? ['may be given several times'] : []),
    ...spec.aliases.map((alias) => `also --${alias}`),
  ];
  return notes.length ? `${spec.summary} (${notes.join('; ')})` : spec.summary;
}

/** The options that only this command has, `--json` included. */
export function ownOptions(command: Command): Record<string, OptionSpec> {
  return { ...command.options, ...(command.json && { json: jsonOption }) };
}

/** Where help is shown: colours, and how lists look there. */
export type HelpStyle = Pick<Output, 'paint' | 'plain' | 'legible'>;

const indented = (style: HelpStyle, rows: readonly (readonly string[])[]): string[] =>
  pairs(style, rows).map((line) => `  ${line}`);

const optionRows = (specs: Readonly<Record<string, OptionSpec>>): string[][] =>
  Object.entries(specs).map(([key, spec]) => [flagOf(key, spec), summaryOf(spec)]);

function section({ paint }: HelpStyle, title: string, lines: readonly string[]): string[] {
  return lines.length ? ['', paint.strong(title), ...lines] : [];
}

/** `jit help elevate` */
export function commandHelp(command: Command, style: HelpStyle): string {
  const { paint } = style;
  const words = Object.entries(command.args).map(([name, spec]) => [name, spec.summary]);
  const examples = command.examples.flatMap(({ command: line, does }) => [
    `  ${line}`,
    paint.faint(`      ${does}`),
  ]);
  const lines = [
    `${paint.strong(`jit ${command.name}`)}: ${command.summary}`,
    '',
    `  ${usageOf(command)}`,
    ...(command.description ? ['', command.description] : []),
    ...section(style, 'Arguments', indented(style, words)),
    ...section(style, 'Options', indented(style, optionRows(ownOptions(command)))),
    ...section(style, 'Options of every command', indented(style, optionRows(commonOptions))),
    ...section(style, 'Examples', examples),
  ];
  return style.legible(lines.join('\n'));
}

/** `jit help`, or of one group only: `jit policy --help`. */
export function registryHelp(registry: readonly Command[], group: string | null, style: HelpStyle): string {
  const { paint } = style;
  const shown = registry.filter(({ name }) => group === null || name.startsWith(`${group} `));
  const rows = shown.map(({ name, summary }) => [name, summary]);
  const head = group
    ? [`${paint.strong(`jit ${group}`)}: one of these`]
    : [
        `${paint.strong('jit')}: the access you need, for as long as you need it, taken back for certain`,
        '',
        '  jit elevate <target> --for 30m',
      ];
  return [
    ...head,
    ...section(style, 'Commands', indented(style, rows)),
    ...section(style, 'Options of every command', indented(style, optionRows(commonOptions))),
    ...(group ? [] : section(style, 'Topics', indented(style, topicRows))),
    ...(group ? [] : section(style, 'More', ['  jit help <command>, jit help <topic>, jit --version'])),
  ].join('\n');
}

const topicRows = topics.map(({ name, summary }) => [name, summary]);

/** Breaks a paragraph into lines of at most `width` columns. */
export function filled(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const longestLine = 100;

function partText(part: Part, style: HelpStyle): string[] {
  if (typeof part === 'string') return ['', ...filled(part, longestLine)];
  const rows = indented(style, part.rows);
  return ['', ...(part.title === undefined ? [] : [style.paint.strong(part.title)]), ...rows];
}

/** `jit help environment` */
export function topicHelp(topic: Topic, style: HelpStyle): string {
  const lines = topic.parts.flatMap((part) => partText(part, style));
  return style.legible([style.paint.strong(topic.title), ...lines].join('\n'));
}
