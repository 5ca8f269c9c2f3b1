// jit shell-init: installs the prompt hook and the function for "jit use" in the user's shell, as a file that it reads.

import { JitError } from '../../core/errors.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { addToRc, remove, writeHook } from '../shell-init/install.ts';
import { type Installed, placeOf, shellNamed } from '../shell-init/shells.ts';
import { hookText } from '../shell-init/text.ts';
import type { World } from '../world.ts';

function install(world: World, shell: Installed, withRc: boolean): void {
  const { out } = world;
  const place = placeOf(world, shell);
  writeHook(place, hookText(world, shell));
  out.print(`installed ${place.hook}`);
  if (withRc) {
    out.print(addToRc(shell, place) ? `${place.rc} loads it in new shells` : `${place.rc} loads it already`);
  } else if (shell === 'fish') {
    out.print(`load it in ${place.rc}:\n${place.line.trimEnd()}`);
  } else {
    out.print(`load it in ${place.rc}:\n${place.line}`);
  }
  out.print(`completion is a file of its own: jit completion --help`);
}

function uninstall(world: World, shell: Installed): void {
  const changed = remove(shell, placeOf(world, shell));
  for (const file of changed) world.out.print(`removed from ${file}`);
  if (changed.length === 0) world.out.print(`no hook of ${shell} is installed`);
}

export const shellInit = defineCommand({
  name: 'shell-init',
  summary: 'install the prompt of jit and "jit use" in your shell',
  description: [
    'Writes a file with the prompt hook and the function behind "jit use" and "jit drop", and one line into ~/.bashrc or',
    '~/.zshrc, or for fish a file in conf.d, that loads it. A new shell starts no program for it. The shell is the one you',
    'are in unless one is named. Doing it again renews the file. For PowerShell there is --print only.',
  ].join('\n'),
  args: { shell: arg.optional('bash, zsh, fish or powershell', 'shell') },
  options: {
    print: opt.flag('print the hook, and write nothing'),
    'no-rc': opt.flag('write the hook, and print the line that loads it'),
    remove: opt.flag('take the hook and its line away'),
  },
  examples: [
    { command: 'jit shell-init', does: 'in the shell you are in' },
    { command: 'jit shell-init zsh --no-rc', does: 'without touching ~/.zshrc' },
    { command: 'jit shell-init bash --remove', does: 'takes it away' },
    { command: 'jit shell-init fish --print', does: 'what would be installed' },
  ],
  async run(world, { args, options }) {
    const shell = shellNamed(args.shell, world.env);
    const chosen = (['print', 'no-rc', 'remove'] as const).filter((name) => options[name]);
    if (chosen.length > 1) {
      throw new JitError('ERR_USAGE', `"--${chosen[0]}" and "--${chosen[1]}" are different wishes`, {
        hint: `jit shell-init ${shell} --${chosen[0]}`,
      });
    }
    if (options.print) {
      world.out.print(hookText(world, shell).trimEnd());
    } else if (shell === 'powershell') {
      throw new JitError('ERR_UNSUPPORTED', 'where PowerShell reads its profile is not known here', {
        hint: 'add it to the profile: jit shell-init powershell --print',
      });
    } else if (options.remove) uninstall(world, shell);
    else install(world, shell, !options['no-rc']);
    return 0;
  },
});
