// jit policy check: whether the configuration is valid. Works without a broker.

import { withConfig } from '../config-hint.ts';
import { defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

export const policyCheck = defineCommand({
  name: 'policy check',
  summary: 'check the configuration: every error with file, line and a hint',
  description: 'Needs no broker. Exit code 2 when it is not valid.',
  args: {},
  options: {},
  json: { path: '/home/alice/.config/jit/jit.yaml', targets: 2, entitlements: 3, warnings: [] },
  examples: [
    { command: 'jit policy check', does: 'the configuration in use' },
    { command: 'jit policy check --config ./jit.yaml', does: 'another one, e.g. in CI' },
  ],
  async run(world, { json }) {
    const { out } = world;
    const reply = await (await world.loadOffline()).policyCheck(world.config).catch((thrown: unknown) => {
      throw withConfig(world, thrown);
    });
    if (json) out.json(reply);
    else {
      const found = `${count(reply.targets, 'target')}, ${count(reply.entitlements, 'entitlement')}`;
      out.print(`${escapeText(reply.path)}: valid, ${found}`);
      for (const warning of reply.warnings) out.warn(warning);
    }
    return 0;
  },
});
