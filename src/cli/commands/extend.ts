// jit extend: a later deadline for an active grant, if policy allows it.

import { parseDuration } from '../../core/duration.ts';
import { JitError } from '../../core/errors.ts';
import type { Milliseconds } from '../../core/time.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { grantLine } from '../grant-text.ts';
import { waiting } from '../progress.ts';
import { grantFor, reachBroker, surroundingGrant } from '../reach.ts';
import { sampleGrant } from '../samples.ts';
import { isInSubshell } from '../use/shell.ts';
import type { World } from '../world.ts';

/** What this shell was told about its own grant; null: nothing, or another grant is meant. */
function toldLength({ env }: World, named: string | null): Milliseconds | null {
  const own = surroundingGrant({ env });
  if (own === null || (named !== null && named !== own) || !env.JIT_EXTEND) return null;
  try {
    return parseDuration(env.JIT_EXTEND);
  } catch {
    return null;
  }
}

/** The grant that is meant is that of this shell, whose hook has seen its end. */
function isOver({ env }: World, named: string | null): boolean {
  return named === null && surroundingGrant({ env }) !== null && env.JIT_GRANT_STATE === 'ended';
}

function endedBefore(world: World): JitError {
  return new JitError('ERR_CONFLICT', 'the grant of this shell has ended and cannot be extended', {
    hint: isInSubshell(world) ? 'exit, and then: jit elevate …' : 'jit drop, and then: jit use …',
  });
}

export const extend = defineCommand({
  name: 'extend',
  summary: 'let a grant end later: that long from now, as far as policy allows',
  description: [
    'Inside an elevated shell the grant of that shell is meant when none is named, and for it --for may be left out: it then',
    'goes on for as long as the shell was told that it can (JIT_EXTEND).',
  ].join('\n'),
  args: {
    grant: arg.optional(
      'the grant: its id, the beginning of it, or its target if that has one alone',
      'grant',
    ),
  },
  options: {
    for: opt.duration('how long from now', { aliases: ['duration'] }),
    reason: opt.text('text', 'why it takes longer', { aliases: ['justification'] }),
  },
  json: sampleGrant,
  examples: [
    { command: 'jit extend', does: 'inside an elevated shell: as long as its summary said' },
    { command: 'jit extend --for 30m', does: 'inside an elevated shell: it ends 30 minutes from now' },
    {
      command: 'jit extend g7f3 --for 1h --reason "restore still runs"',
      does: 'from anywhere, with a reason',
    },
  ],
  async run(world, { args, options, json }) {
    const duration = options.for ?? toldLength(world, args.grant);
    if (duration === null) {
      if (isOver(world, args.grant)) throw endedBefore(world);
      throw new JitError('ERR_INPUT_NEEDED', '"jit extend" needs "--for"', { hint: 'jit extend --for 30m' });
    }
    const grant = grantFor(world, args.grant, 'extend');
    const client = await reachBroker(world);
    const request = client.extend({ grant, duration, reason: options.reason });
    const extended = await waiting(world, 'Extending', request);
    if (json) world.out.json(extended);
    else world.out.print(`extended ${grantLine(extended, world.clock.now())}`);
    return 0;
  },
});
