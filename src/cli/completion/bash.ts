// What the bash completion knows of the commands, as case branches: words of the generator, nothing from outside.

import { quotePosix } from '../../shell/quote.ts';
import { durations, extraTopics, type Node, type Use, usesOf } from './model.ts';

const listed = (words: readonly string[]): string => quotePosix(words.join(' '));
const wordsOf = (offers: readonly { readonly word: string }[]): string =>
  listed(offers.map(({ word }) => word));

function knowing({ path, children, flags, args, rest }: Node): string {
  const parts = [
    ...(children.length ? [`children=${wordsOf(children)}`] : []),
    ...(flags.length && path !== '' ? [`flags=${wordsOf(flags)}`] : []),
    ...(args.length ? [`kinds=${listed(args.map(({ kind }) => kind))}`] : []),
    ...args.flatMap(({ words }) => (words.length ? [`choices=${listed(words)}`] : [])),
    ...(rest ? ['rest=1'] : []),
  ];
  return `    ${quotePosix(path)}) ${parts.join(' ') || ':'} ;;\n`;
}

function taking({ value: { kind, words }, options }: Use): string {
  const patterns = options.map(({ path, flag }) =>
    path === '' ? `*${quotePosix(` ${flag}`)}` : quotePosix(`${path} ${flag}`),
  );
  const choices = words.length ? ` choices=${listed(words)}` : '';
  return `    ${patterns.join(' | \\\n      ')}) kind=${kind}${choices} ;;\n`;
}

/** The generated part of completions/jit-completion.bash. */
export function bashPart(nodes: readonly Node[]): string {
  return [
    `_JIT_DURATIONS=${listed(durations)}\n`,
    `_JIT_TOPICS=${wordsOf(extraTopics)}\n`,
    `_JIT_FLAGS=${wordsOf(nodes[0]?.flags ?? [])}\n`,
    '\n# _jit_know COMMAND: sets the children, flags, kinds, choices and rest of its caller.\n',
    '_jit_know() {\n  children= flags= kinds= choices= rest=\n  case $1 in\n',
    ...nodes.map(knowing),
    '  esac\n}\n',
    '\n# _jit_value COMMAND OPTION: sets kind and choices; no kind: the option takes no value.\n',
    '_jit_value() {\n  kind= choices=\n  case "$1 $2" in\n',
    ...usesOf(nodes).map(taking),
    '  esac\n}\n',
  ].join('');
}
