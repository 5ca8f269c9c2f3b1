// jit revoke: ends one grant, or all of the caller's, now.

import { exitCodeOf, JitError } from '../../core/errors.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { roleAndScope } from '../grant-text.ts';
import { staysText } from '../lease-text.ts';
import { waiting } from '../progress.ts';
import { grantFor, reachBroker } from '../reach.ts';
import { sampleEnded } from '../samples.ts';

export const revoke = defineCommand({
  name: 'revoke',
  summary: 'end a grant now, and look that its credential is gone',
  description: 'Inside an elevated shell the grant of that shell is meant when none is named.',
  args: {
    grant: arg.optional(
      'the grant: its id, the beginning of it, or its target if that has one alone',
      'grant',
    ),
  },
  options: { all: opt.flag('end all of your grants') },
  json: { revoked: [sampleEnded], ending: [], overdue: [] },
  examples: [
    { command: 'jit revoke g7f3', does: 'one grant, by the beginning of its id' },
    { command: 'jit revoke prod-db:read', does: 'the only one of that target and role' },
    { command: 'jit revoke --all', does: 'all of yours' },
  ],
  async run(world, { args, options, json }) {
    const { out } = world;
    if (options.all && args.grant !== null) {
      throw new JitError('ERR_USAGE', 'either <grant> or "--all", not both', { hint: 'jit revoke --all' });
    }
    const grant = options.all ? null : grantFor(world, args.grant, 'revoke');
    const client = await reachBroker(world);
    const request = client.revoke({ grant, all: options.all, cause: 'revoked' });
    const reply = await waiting(world, 'Revoking', request);
    const now = world.clock.now();
    if (json) out.json(reply);
    else {
      for (const one of reply.revoked) out.print(`revoked ${one.id} (${roleAndScope(one)})`);
      for (const one of reply.ending) {
        const stays = staysText(one, now);
        const what = stays === null ? 'revoked' : 'ended';
        out.print(`${what} ${one.id} (${roleAndScope(one)}); ${stays ?? 'the clean-up goes on'}`);
      }
      if (reply.revoked.length + reply.ending.length + reply.overdue.length === 0)
        out.print('no active grants');
    }
    for (const one of reply.overdue) {
      const stays = staysText(one, now);
      const what = `grant ${one.id} (${roleAndScope(one)})`;
      out.warn(
        stays === null
          ? `${what} could not be revoked yet; the broker keeps trying; see: jit doctor ${one.target}`
          : `${what} has ended; ${stays}`,
      );
    }
    return reply.overdue.length === 0 ? 0 : exitCodeOf.ERR_REVOKE_INCOMPLETE;
  },
});
