// jit broker stop: revokes all that is open, then ends the broker.

import { exitCodeOf } from '../../core/errors.ts';
import { processOf, untilGone } from '../broker-gone.ts';
import { defineCommand } from '../define-command.ts';
import { waiting } from '../progress.ts';
import { reachRunningBroker } from '../reach.ts';

export const brokerStop = defineCommand({
  name: 'broker stop',
  summary: 'revoke every grant, then stop the broker',
  args: {},
  options: {},
  json: { running: true, revoked: 2, overdue: 0, ending: 0 },
  examples: [{ command: 'jit broker stop', does: 'nothing stays open; the next command starts it again' }],
  async run(world, { json }) {
    const { out } = world;
    const client = await reachRunningBroker(world);
    if (!client) {
      if (json) out.json({ running: false, revoked: 0, overdue: 0, ending: 0 });
      else out.print('no broker runs');
      return 0;
    }
    const broker = await processOf(client);
    const stopping = async () => {
      const answered = await client.stop();
      await untilGone(world, broker);
      return answered;
    };
    const reply = await waiting(world, 'Revoking what is open', stopping());
    if (json) out.json({ running: true, ...reply });
    else out.print(`broker stopped, ${reply.revoked} revoked`);
    if (reply.ending > 0) {
      const words = reply.ending === 1 ? 'cannot be withdrawn and ends' : 'cannot be withdrawn and end';
      out.warn(`${reply.ending} ${words} without a broker; the next one looks: jit broker start`);
    }
    if (reply.overdue > 0) {
      out.warn(`${reply.overdue} could not be revoked yet; the next broker tries again: jit broker start`);
    }
    if (reply.overdue + reply.ending === 0) return 0;
    return exitCodeOf.ERR_REVOKE_INCOMPLETE;
  },
});
