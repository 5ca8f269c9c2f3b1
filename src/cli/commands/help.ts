// jit help: the list of commands, one command, or the table of exit codes.

import { JitError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { arg, type Command, defineCommand } from '../define-command.ts';
import { commandHelp, exitCodesHelp, registryHelp } from '../help.ts';
import type { Output } from '../output.ts';

/** Prints the help for `words`: nothing, `exit-codes`, a group or a command. @throws JitError `ERR_USAGE` */
export function showHelp(registry: readonly Command[], out: Output, words: readonly string[]): void {
  const topic = words.join(' ');
  const command = registry.find(({ name }) => name === topic);
  if (topic === '') out.print(registryHelp(registry, null, out.paint));
  else if (topic === 'exit-codes') out.print(exitCodesHelp(out.paint));
  else if (command) out.print(commandHelp(command, out.paint));
  else if (registry.some(({ name }) => name.startsWith(`${topic} `))) {
    out.print(registryHelp(registry, topic, out.paint));
  } else {
    const close = nearest(topic, ['exit-codes', ...registry.map(({ name }) => name)]);
    throw new JitError('ERR_USAGE', `no help for "${topic}"`, {
      hint: close ? `did you mean: jit help ${close}` : 'jit help',
    });
  }
}

export const help = defineCommand({
  name: 'help',
  summary: 'show help: all commands, one of them, or the exit codes',
  args: {
    topic: arg.optional('a command, or exit-codes', 'topic'),
    subtopic: arg.optional('the second word of a command, e.g. check of policy check', 'topic'),
  },
  options: {},
  examples: [
    { command: 'jit help elevate', does: 'everything about one command' },
    { command: 'jit help exit-codes', does: 'what the exit codes mean' },
  ],
  async run({ registry, out }, { args }) {
    showHelp(
      registry,
      out,
      [args.topic, args.subtopic].filter((word) => word !== null),
    );
    return 0;
  },
});
