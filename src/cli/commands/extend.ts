// jit extend: a later deadline for an active grant, if policy allows it.

import { JitError } from '../../core/errors.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { grantLine } from '../grant-text.ts';
import { waiting } from '../progress.ts';
import { grantFor, reachBroker } from '../reach.ts';
import { sampleGrant } from '../samples.ts';

export const extend = defineCommand({
  name: 'extend',
  summary: 'let a grant end later: that long from now, as far as policy allows',
  description: 'Inside an elevated shell the grant of that shell is meant when none is named.',
  args: { grant: arg.optional('the grant, or the beginning of its id', 'grant') },
  options: {
    for: opt.duration('how long from now', { aliases: ['duration'] }),
    reason: opt.text('text', 'why it takes longer', { aliases: ['justification'] }),
  },
  json: sampleGrant,
  examples: [
    { command: 'jit extend --for 30m', does: 'inside an elevated shell: it ends 30 minutes from now' },
    {
      command: 'jit extend g7f3 --for 1h --reason "restore still runs"',
      does: 'from anywhere, with a reason',
    },
  ],
  async run(world, { args, options, json }) {
    if (options.for === null) {
      throw new JitError('ERR_INPUT_NEEDED', '"jit extend" needs "--for"', { hint: 'jit extend --for 30m' });
    }
    const grant = grantFor(world, args.grant, 'extend');
    const client = await reachBroker(world);
    const request = client.extend({ grant, duration: options.for, reason: options.reason });
    const extended = await waiting(world, 'Extending', request);
    if (json) world.out.json(extended);
    else world.out.print(`extended ${grantLine(extended, world.clock.now())}`);
    return 0;
  },
});
