// What the fish completion knows of the commands, as switch branches: words of the generator, nothing from outside.

import { quoteFish } from '../../shell/quote.ts';
import { durations, extraTopics, type Node, type Offer, type Use, usesOf } from './model.ts';

const words = (texts: readonly string[]): string => texts.map(quoteFish).join(' ');

/** As fish takes it: the word, a tab, what it does. */
const described = (offers: readonly Offer[]): string =>
  offers.map(({ word, summary }) => ` \\\n            ${quoteFish(word)}\\t${quoteFish(summary)}`).join('');

const printing = (path: string, text: string): string =>
  `        case ${quoteFish(path)}\n            printf '%s\\n'${text}\n`;

function taking({ value, options }: Use): string {
  const patterns = options.map(({ path, flag }) => quoteFish(`${path === '' ? '*' : path} ${flag}`));
  return `        case ${patterns.join(' \\\n            ')}\n            printf '%s\\n' ${words([value.kind, ...value.words])}\n`;
}

function printer(name: string, does: string, branches: readonly string[], subject = '$argv[1]'): string {
  const head = `\n# ${name} ${does}\nfunction ${name}\n    switch "${subject}"\n`;
  return `${head}${branches.join('')}    end\nend\n`;
}

/** The generated part of completions/jit-completion.fish. */
export function fishPart(nodes: readonly Node[]): string {
  const [root] = nodes;
  const parents = nodes.filter(({ children }) => children.length > 0);
  const own = nodes.filter(({ path, flags }) => path !== '' && flags.length > 0);
  const taken = nodes.filter(({ args }) => args.length > 0);
  const offer = (texts: readonly string[]): string => ` ${words(texts)}`;
  return [
    printer(
      '__jit_children',
      'COMMAND: what may follow its words.',
      parents.map(({ path, children }) => printing(path, described(children))),
    ),
    printer(
      '__jit_flags',
      'COMMAND: its own options.',
      own.map(({ path, flags }) => printing(path, described(flags))),
    ),
    printer(
      '__jit_kinds',
      'COMMAND: what its positional words are completed with.',
      taken.map(({ path, args }) => printing(path, offer(args.map(({ kind }) => kind)))),
    ),
    printer(
      '__jit_choices',
      'COMMAND: the only words that it takes.',
      taken
        .filter(({ args }) => args.some((value) => value.words.length > 0))
        .map(({ path, args }) => printing(path, offer(args.flatMap((value) => value.words)))),
    ),
    printer(
      '__jit_value',
      'COMMAND OPTION: what its value is completed with, then the choices; nothing: it takes no value.',
      usesOf(nodes).map(taking),
      '$argv[1] $argv[2]',
    ),
    `\n# __jit_constant NAME: what is the same for every command.\nfunction __jit_constant\n    switch $argv[1]\n`,
    printing('flags', described(root?.flags ?? [])),
    printing('durations', offer(durations)),
    printing('topics', described(extraTopics)),
    printing('rest', offer(nodes.filter(({ rest }) => rest).map(({ path }) => path))),
    '    end\nend\n',
  ].join('');
}
