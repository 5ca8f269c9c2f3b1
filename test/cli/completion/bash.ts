// Asks the bash completion without a terminal: the variables that readline would set, then what the function answers.

import path from 'node:path';
import { completions, linesOf } from './scene.ts';

const script = path.join(completions, 'jit-completion.bash');

/** What the shell is told before the script is read, e.g. `set -eu`. */
export interface BashOptions {
  readonly before?: string;
  readonly flags?: readonly string[];
}

/** Words as bash parts them for COMP_WORDS: at blanks, and each run of `:` or `=` is a word of its own. */
function partedWords(line: string): string[] {
  const words = line.match(/(?:"[^"]*"?|'[^']*'?|[^\s:="'])+|[:=]+/g) ?? [];
  return /\s$/.test(line) && !/["'][^"']*$/.test(line.replace(/"[^"]*"|'[^']*'/g, ''))
    ? [...words, '']
    : words;
}

/** The words that TAB at the end of `line` offers. */
export function askBash(line: string, env: Record<string, string>, options: BashOptions = {}): string[] {
  const words = partedWords(line);
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: this is bash
  const ask = [
    ...(options.before === undefined ? [] : [options.before]),
    '. "$1"; COMP_LINE=$2; COMP_POINT=${#2}; COMP_TYPE=9; COMP_KEY=9; shift 2',
    'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))',
    '_jit jit "${COMP_WORDS[COMP_CWORD]}" ""',
    'for word in ${COMPREPLY[@]+"${COMPREPLY[@]}"}; do printf "%s\\n" "$word"; done',
  ].join('\n');
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: this is bash
  return linesOf(
    [
      '/bin/bash',
      '--norc',
      '--noprofile',
      ...(options.flags ?? []),
      '-c',
      ask,
      'bash',
      script,
      line,
      ...words,
    ],
    env,
  );
}
