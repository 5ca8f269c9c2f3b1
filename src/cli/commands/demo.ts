// jit demo: the whole job on a PostgreSQL in a temporary folder. The work is src/demo.

import { JitError } from '../../core/errors.ts';
import { defineCommand, opt } from '../define-command.ts';

export const demo = defineCommand({
  name: 'demo',
  summary: 'watch jit at work on a PostgreSQL in a temporary folder',
  description: 'Starts a real PostgreSQL, gives and takes back access on it, and leaves nothing behind.',
  args: {},
  options: { shell: opt.flag('end in an elevated shell of your own') },
  examples: [
    { command: 'jit demo', does: 'the whole tour, under a minute' },
    { command: 'jit demo --shell', does: 'the tour, then a shell with access to the demo database' },
  ],
  async run(world, { options }) {
    if (options.shell && !(world.isTTY.stdin && world.isTTY.stderr)) {
      throw new JitError('ERR_INPUT_NEEDED', 'option "--shell" needs a terminal', { hint: 'jit demo' });
    }
    return world.runDemo({ shell: options.shell });
  },
});
