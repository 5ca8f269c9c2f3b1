// jit completion: the completion script of a shell, as it lies in completions/. It holds no names: those are read at TAB.

import { readFileSync } from 'node:fs';
import { JitError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { readErrnoText } from '../../system/errno.ts';
import { arg, defineCommand } from '../define-command.ts';

const files = { bash: 'jit-completion.bash', zsh: '_jit', fish: 'jit-completion.fish' } as const;
const isShell = (text: string): text is keyof typeof files => Object.hasOwn(files, text);

function fileOf(shell: string): string {
  if (isShell(shell)) return files[shell];
  const close = nearest(shell, Object.keys(files));
  throw new JitError('ERR_USAGE', `there is no completion for "${shell}"`, {
    hint: close ? `did you mean: jit completion ${close}` : `one of: ${Object.keys(files).join(', ')}`,
  });
}

export const completion = defineCommand({
  name: 'completion',
  summary: 'print the script that completes jit in bash, zsh or fish',
  description: [
    'Completes commands, options, targets, target:role, scopes, grants and durations. The script reads names from files that',
    'the broker keeps, and starts nothing at TAB. Install it as a file: "source <(jit completion bash)" in an rc file works',
    'too, and costs every new shell a start of jit.',
  ].join('\n'),
  args: { shell: arg.required('bash, zsh or fish', 'shell') },
  options: {},
  examples: [
    {
      command: 'jit completion bash > ~/.local/share/bash-completion/completions/jit',
      does: 'for bash with bash-completion: read at the first TAB',
    },
    {
      command: 'jit completion bash > ~/.jit-completion.bash',
      does: 'for any bash: then source it in ~/.bashrc',
    },
    {
      command: 'jit completion zsh > ~/.zfunc/_jit',
      does: 'for zsh: a folder of fpath, named before compinit',
    },
    { command: 'jit completion fish > ~/.config/fish/completions/jit.fish', does: 'for fish' },
  ],
  async run({ out, hooksDir }, { args }) {
    const file = `${hooksDir}/${fileOf(args.shell)}`;
    let script: string;
    try {
      script = readFileSync(file, 'utf8');
    } catch (cause) {
      const message = `cannot read the completion script "${file}": ${readErrnoText(cause)}`;
      throw new JitError('ERR_INTERNAL', message, { hint: 'install jit again', cause });
    }
    out.print(script.trimEnd());
    return 0;
  },
});
