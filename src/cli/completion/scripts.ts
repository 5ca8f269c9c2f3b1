// The completion scripts by shell: where each is checked in, and what writes its generated part.

import type { Command } from '../define-command.ts';
import { bashPart } from './bash.ts';
import { fishPart } from './fish.ts';
import { type Node, nodesOf } from './model.ts';
import { replaceGenerated } from './script.ts';
import { zshPart } from './zsh.ts';

interface Script {
  /** In completions/. */
  readonly file: string;
  readonly part: (nodes: readonly Node[]) => string;
}

const scripts: readonly Script[] = [
  { file: 'jit-completion.bash', part: bashPart },
  { file: '_jit', part: zshPart },
  { file: 'jit-completion.fish', part: fishPart },
];

/** Every script as it has to be. @param read what is checked in under this name of completions/ */
export function renderCompletions(
  registry: readonly Command[],
  read: (file: string) => string,
): Record<string, string> {
  const nodes = nodesOf(registry);
  return Object.fromEntries(
    scripts.map(({ file, part }) => [file, replaceGenerated(read(file), part(nodes))]),
  );
}
