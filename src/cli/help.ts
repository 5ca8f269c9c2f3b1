// Help as text, derived from the registry. Must not: know any command by name, except in its own hints.

import { exitCodes } from '../core/errors.ts';
import type { Paint } from './colour.ts';
import { type Command, commonOptions, jsonOption, type OptionSpec } from './define-command.ts';
import { table } from './table.ts';

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

const indented = (rows: readonly (readonly string[])[]): string[] => table(rows).map((line) => `  ${line}`);

const optionRows = (specs: Readonly<Record<string, OptionSpec>>): string[][] =>
  Object.entries(specs).map(([key, spec]) => [flagOf(key, spec), summaryOf(spec)]);

function section(paint: Paint, title: string, lines: readonly string[]): string[] {
  return lines.length ? ['', paint.strong(title), ...lines] : [];
}

/** `jit help elevate` */
export function commandHelp(command: Command, paint: Paint): string {
  const words = Object.entries(command.args).map(([name, spec]) => [name, spec.summary]);
  const examples = command.examples.flatMap(({ command: line, does }) => [
    `  ${line}`,
    paint.faint(`      ${does}`),
  ]);
  return [
    `${paint.strong(`jit ${command.name}`)}: ${command.summary}`,
    '',
    `  ${usageOf(command)}`,
    ...(command.description ? ['', command.description] : []),
    ...section(paint, 'Arguments', indented(words)),
    ...section(paint, 'Options', indented(optionRows(ownOptions(command)))),
    ...section(paint, 'Options of every command', indented(optionRows(commonOptions))),
    ...section(paint, 'Examples', examples),
  ].join('\n');
}

/** `jit help`, or of one group only: `jit policy --help`. */
export function registryHelp(registry: readonly Command[], group: string | null, paint: Paint): string {
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
    ...section(paint, 'Commands', indented(rows)),
    ...section(paint, 'Options of every command', indented(optionRows(commonOptions))),
    ...(group ? [] : section(paint, 'More', ['  jit help <command>, jit help exit-codes, jit --version'])),
  ].join('\n');
}

/** `jit help exit-codes` */
export function exitCodesHelp(paint: Paint): string {
  const rows = Object.entries(exitCodes).map(([code, meaning]) => [code, meaning]);
  return [
    paint.strong('Exit codes of jit'),
    '',
    ...indented(rows),
    '',
    'Otherwise the exit code of the command after "--" or of the shell; 128 + n when signal n ended it.',
  ].join('\n');
}
