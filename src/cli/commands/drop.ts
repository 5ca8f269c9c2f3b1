// jit drop: ends the grant that the shell uses. The function of jit in that shell calls it, and gives the old values back.

import { JitError } from '../../core/errors.ts';
import { defineCommand, opt } from '../define-command.ts';
import { giveBack } from '../elevate/request.ts';
import { printLeft } from '../elevate/summary.ts';
import { escapeText } from '../escape.ts';
import { reachBroker, surroundingGrant } from '../reach.ts';
import { isInSubshell, shellOptions, usingShell } from '../use/shell.ts';
import type { World } from '../world.ts';

function nothingInUse(world: World): JitError {
  if (isInSubshell(world)) {
    return new JitError('ERR_INPUT_NEEDED', 'this shell was opened for its grant, and ends with it', {
      hint: 'exit',
    });
  }
  if (surroundingGrant(world) !== null) {
    return new JitError('ERR_INPUT_NEEDED', 'the grant is in use in the shell around this one', {
      hint: 'exit, and then: jit drop',
    });
  }
  return new JitError('ERR_INPUT_NEEDED', 'no grant is in use in this shell', {
    hint: 'jit status shows your grants, and jit revoke ends one',
  });
}

export const drop = defineCommand({
  name: 'drop',
  summary: 'end the grant that is in use in this shell, and give back its variables',
  description: 'What "jit use" has set is again what it was before, set or not, exported or not.',
  args: {},
  options: {
    grant: opt.name('grant', 'the grant in use, which the function passes by itself'),
    ...shellOptions,
  },
  examples: [{ command: 'jit drop', does: 'after "jit use"' }],
  async run(world, { options }) {
    const { grant: id } = options;
    if (!options.records && id === null && isInSubshell(world)) throw nothingInUse(world);
    usingShell(world, options, 'drop');
    if (id === null) throw nothingInUse(world);
    const client = await reachBroker(world, { stays: true });
    const grant = (await client.status()).grants.find((one) => one.id === id && one.state === 'active');
    if (grant) printLeft(world, grant, await giveBack(world, client, grant));
    else world.out.note(`jit: grant ${escapeText(id)} has ended before`);
    world.handOver('drop\n');
    return 0;
  },
});
