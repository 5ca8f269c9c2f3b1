// jit policy check: whether the configuration is valid. Works without a broker.

import { hasCode, JitError } from '../../core/errors.ts';
import { defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { quotedWord } from '../quoted-word.ts';
import type { World } from '../world.ts';

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;

/** The next command reads the same file. */
function withConfig({ config }: World, thrown: unknown): unknown {
  if (config === null || !hasCode(thrown, 'ERR_CONFIG')) return thrown;
  const { code, message, hint } = thrown;
  if (!hint?.endsWith('jit policy check')) return thrown;
  return new JitError(code, message, { hint: `${hint} --config ${quotedWord(config)}`, cause: thrown });
}

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
