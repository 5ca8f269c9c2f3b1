// What the zsh completion knows of the commands, as case branches: words of the generator, nothing from outside.

import { quotePosix } from '../../shell/quote.ts';
import { durations, extraTopics, type Node, type Offer, type Use, usesOf } from './model.ts';

/** As _describe takes it: `word:what it does`. */
const described = ({ word, summary }: Offer): string =>
  quotePosix(`${word.replaceAll(':', '\\:')}:${summary.replaceAll('\\', '\\\\').replaceAll(':', '\\:')}`);

const list = (name: string, words: readonly string[]): string => {
  if (words.length < 2) return `    ${name}=(${words.join('')})\n`;
  return `    ${name}=(\n${words.map((word) => `      ${word}\n`).join('')}    )\n`;
};

function knowing({ path, children, flags, args, rest }: Node): string {
  const choices = args.flatMap(({ words }) => words);
  return [
    `  (${quotePosix(path)})\n`,
    children.length ? list('children', children.map(described)) : '',
    flags.length && path !== '' ? list('flags', flags.map(described)) : '',
    args.length ? `    kinds=(${args.map(({ kind }) => kind).join(' ')})\n` : '',
    choices.length ? `    choices=(${choices.map(quotePosix).join(' ')})\n` : '',
    rest ? '    rest=1\n' : '',
    '    ;;\n',
  ].join('');
}

function taking({ value: { kind, words }, options }: Use): string {
  const patterns = options.map(({ path, flag }) =>
    path === '' ? `*${quotePosix(` ${flag}`)}` : quotePosix(`${path} ${flag}`),
  );
  const choices = words.length ? ` choices=(${words.map(quotePosix).join(' ')})` : '';
  return `  (${patterns.join(' | \\\n    ')}) kind=${kind}${choices} ;;\n`;
}

/** The generated part of completions/_jit. */
export function zshPart(nodes: readonly Node[]): string {
  return [
    '\n# _jit_know COMMAND: sets the children, flags, kinds, choices and rest of its caller.\n',
    '_jit_know() {\n  children=() flags=() kinds=() choices=() rest=\n  case $1 in\n',
    ...nodes.map(knowing),
    '  esac\n}\n',
    '\n# _jit_common: sets what every command takes, and what never changes.\n',
    '_jit_common() {\n',
    list('common', (nodes[0]?.flags ?? []).map(described)),
    `    durations=(${durations.join(' ')})\n`,
    `    topics=(${extraTopics.map(described).join(' ')})\n`,
    '}\n',
    '\n# _jit_value COMMAND OPTION: sets kind and choices; no kind: the option takes no value.\n',
    '_jit_value() {\n  kind= choices=()\n  case "$1 $2" in\n',
    ...usesOf(nodes).map(taking),
    '  esac\n}\n',
  ].join('');
}
