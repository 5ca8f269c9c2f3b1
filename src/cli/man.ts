// man/jit.1, derived from the registry and the topics. Written by the repository's generate script. Must not: know any
// command by name, except in the synopsis.

import { type Command, commonOptions, type OptionSpec } from './define-command.ts';
import { flagOf, ownOptions, summaryOf, usageOf } from './help.ts';
import { topics } from './topics/all.ts';
import type { Part, Topic } from './topics/topic.ts';

/**
 * Text as troff sets it, letter for letter: a backslash would begin a command, a bare `-` become a hyphen that cannot be
 * searched or copied, ' ^ ~ and ` become typographic ones, and a dot or quote at the beginning of a line begin a request.
 * See groff_man_style(7), groff_char(7).
 */
export function troff(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    '\\': '\\e',
    '-': '\\-',
    "'": '\\(aq',
    '`': '\\(ga',
    '^': '\\(ha',
    '~': '\\(ti',
    '…': '...',
  };
  const escaped = text.replace(/[\\\-'`^~…]/g, (sign) => signs[sign] ?? sign);
  return escaped.replace(/^\./gm, '\\&.');
}

const bold = (text: string): string => `\\fB${troff(text)}\\fR`;

/** A term and what is said about it. */
const item = (term: string, said: string): string[] => ['.TP', bold(term), troff(said)];

/** A line that can be copied, as it is. */
const example = (line: string, does: string): string[] => [
  '.PP',
  troff(does),
  '.RS',
  '.nf',
  bold(line),
  '.fi',
  '.RE',
];

function optionItems(specs: Readonly<Record<string, OptionSpec>>): string[] {
  return Object.entries(specs).flatMap(([key, spec]) => item(flagOf(key, spec), summaryOf(spec)));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function commandSection(command: Command): string[] {
  const description = command.description === '' ? [] : ['.PP', ...troff(command.description).split('\n')];
  return [
    `.SS ${troff(usageOf(command))}`,
    troff(sentence(command.summary)),
    ...description,
    ...Object.entries(command.args).flatMap(([name, { summary }]) => item(name, summary)),
    ...optionItems(ownOptions(command)),
    ...command.examples.flatMap(({ command: line, does }) =>
      example(line, `${sentence(does).slice(0, -1)}:`),
    ),
  ];
}

function partLines(part: Part): string[] {
  if (typeof part === 'string') return ['.PP', troff(part)];
  const title = part.title === undefined ? [] : ['.PP', `${troff(part.title)}:`];
  return [...title, ...part.rows.flatMap(([term, said]) => item(term, said))];
}

/** Sections are in capitals, as everywhere in section 1. */
function topicSection({ title, parts }: Topic): string[] {
  return [`.SH ${troff(title.toUpperCase())}`, ...parts.flatMap(partLines)];
}

/** The whole page, with a newline at its end. */
export function renderManPage(registry: readonly Command[]): string {
  return [
    '.\\" Written by "npm run generate" from the commands themselves.',
    '.TH JIT 1 "" jit "User Commands"',
    '.SH NAME',
    'jit \\- the access you need, for as long as you need it, taken back for certain',
    '.SH SYNOPSIS',
    `${bold('jit')} [\\fIoptions\\fR] [\\fIcommand\\fR [\\fIwords\\fR...]] [${bold('--')} \\fIprogram\\fR...]`,
    '.SH DESCRIPTION',
    troff(
      'A local broker checks the policy, issues a credential that lives for minutes, and hands it to a shell or to one command. The access ends with that shell or command, and at its deadline at the latest.',
    ),
    '.PP',
    `Without a command ${bold('jit')} shows what is active and the next useful command.`,
    '.SH COMMANDS',
    ...registry.flatMap(commandSection),
    '.SH OPTIONS OF EVERY COMMAND',
    ...optionItems(commonOptions),
    ...topics.flatMap(topicSection),
    '',
  ].join('\n');
}
