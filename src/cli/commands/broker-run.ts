// jit broker run: the broker in the foreground, for service managers and for looking at it.

import { defineCommand } from '../define-command.ts';

export const brokerRun = defineCommand({
  name: 'broker run',
  summary: 'run the broker in the foreground until it is told to stop',
  description: 'Other commands start a broker by themselves; this is for service managers and for debugging.',
  args: {},
  options: {},
  examples: [{ command: 'jit broker run', does: 'stop it with Ctrl-C or "jit broker stop"' }],
  async run(world) {
    const offline = await world.loadOffline();
    await offline.runBroker(world.config);
    return 0;
  },
});
