// jit broker start: makes sure that a broker runs.

import { defineCommand } from '../define-command.ts';
import { reachBroker } from '../reach.ts';

export const brokerStart = defineCommand({
  name: 'broker start',
  summary: 'start the broker in the background, unless it runs',
  description: 'Rarely needed: every command that needs the broker starts it.',
  args: {},
  options: {},
  json: { running: true, pid: 4711, version: '0.1.0' },
  examples: [{ command: 'jit broker start', does: 'also recovers what a crash left behind' }],
  async run(world, { json }) {
    const { pid, version } = await (await reachBroker(world, { stays: true })).hello();
    if (json) world.out.json({ running: true, pid, version });
    else world.out.print(`broker ${version} runs as process ${pid}`);
    return 0;
  },
});
