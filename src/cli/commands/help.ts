// jit help: the list of commands, one command, or a topic.

import { JitError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { arg, type Command, defineCommand } from '../define-command.ts';
import { commandHelp, registryHelp, topicHelp } from '../help.ts';
import type { Output } from '../output.ts';
import { topics } from '../topics/all.ts';

/** Prints the help for `words`: nothing, a topic, a group or a command. @throws JitError `ERR_USAGE` */
export function showHelp(registry: readonly Command[], out: Output, words: readonly string[]): void {
  const asked = words.join(' ');
  const command = registry.find(({ name }) => name === asked);
  const topic = topics.find(({ name }) => name === asked);
  if (asked === '') out.print(registryHelp(registry, null, out));
  else if (topic) out.print(topicHelp(topic, out));
  else if (command) out.print(commandHelp(command, out));
  else if (registry.some(({ name }) => name.startsWith(`${asked} `))) {
    out.print(registryHelp(registry, asked, out));
  } else {
    const close = nearest(
      asked,
      [...topics, ...registry].map(({ name }) => name),
    );
    throw new JitError('ERR_USAGE', `no help for "${asked}"`, {
      hint: close ? `did you mean: jit help ${close}` : 'jit help',
    });
  }
}

export const help = defineCommand({
  name: 'help',
  summary: 'show help: all commands, one of them, or a topic',
  args: {
    topic: arg.optional('a command, or a topic, e.g. environment', 'topic'),
    subtopic: arg.optional('the second word of a command, e.g. check of policy check', 'topic'),
  },
  options: {},
  examples: [
    { command: 'jit help elevate', does: 'everything about one command' },
    { command: 'jit help exit-codes', does: 'what the exit codes mean' },
    { command: 'jit help environment', does: 'every variable that jit reads or sets' },
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
