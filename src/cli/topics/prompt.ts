// The indicator in the prompt: what its parts say. What draws it is in completions/.

import type { Topic } from './topic.ts';

export const promptTopic: Topic = {
  name: 'prompt',
  summary: 'the indicator in the prompt: its parts, its colours, how to install it',
  title: 'The indicator in the prompt',
  parts: [
    'In front of the prompt stand the active grants, the one of this shell first, then by their end; after three, "+N" counts the rest. Nothing stands there while nothing is active.',
    {
      title: 'Parts',
      rows: [
        ['[prod-db:write! 28m]', 'target, role and the time left; ! marks a target of high risk'],
        ['prod-db:write OVERDUE', 'the grant is over and its credential is not confirmed gone: jit doctor'],
        ['[jit ended]', 'the grant of this shell is over: "exit" leaves it; after "jit use", "jit drop"'],
        ['+2', 'two more: jit status'],
      ],
    },
    {
      title: 'Colours, which only repeat what the words say',
      rows: [
        ['green, cyan, bold magenta', 'risk low, medium, high'],
        ['yellow', 'from the first warning on, usually 5 minutes before the end'],
        ['bold red', 'from the last warning on, usually 1 minute before the end'],
        ['white on red', 'overdue'],
        ['red', 'ended'],
      ],
    },
    'The shell that "jit elevate" opens has it without any setting. "jit shell-init bash", zsh or fish installs it for every shell, so that grants of other terminals show as well; "jit shell-init bash --print" only shows what would be sourced. JIT_PROMPT_INJECT=0 leaves the prompt alone: JIT_PROMPT then has the same text for starship, oh-my-posh and others. NO_COLOR turns its colours off.',
  ],
};
