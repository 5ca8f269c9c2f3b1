// jit ci cleanup: the last step of a CI job. Takes back what this job has left open, also after jit was killed.

import { exitCodeOf } from '../../core/errors.ts';
import { runOf } from '../../system/ci.ts';
import { defineCommand, opt } from '../define-command.ts';
import { roleAndScope } from '../grant-text.ts';
import { staysText } from '../lease-text.ts';
import { waiting } from '../progress.ts';
import { reachInProcess } from '../reach.ts';
import { sampleEnded } from '../samples.ts';

/** How long targets may take, in milliseconds, unless told otherwise. */
const patience = 30_000;

export const ciCleanup = defineCommand({
  name: 'ci cleanup',
  summary: 'take back what this CI job has left open, and look that it is gone',
  description: [
    'For the step that runs whatever happened before, also when jit itself was killed: it starts a broker inside of this',
    'command when none runs, which takes back what the killed one had given. A job is known by its state directory and,',
    'where that is shared, by JIT_RUN_ID or the variables of GitHub Actions and GitLab; what other jobs have is left alone.',
    'Exit code 0: nothing is left. 1: something is, which is said; it ends by itself at the latest when that says so.',
  ].join('\n'),
  args: {},
  options: { for: opt.duration('how long targets may take; 30s unless told otherwise, 60s at most') },
  json: { revoked: [sampleEnded], ending: [], overdue: [] },
  examples: [
    { command: 'jit ci cleanup', does: 'with "if: always()" on GitHub, in "after_script" on GitLab' },
    { command: 'jit ci cleanup --json', does: 'the same for scripts' },
  ],
  async run(world, { options, json }) {
    const { out } = world;
    const client = await waiting(world, 'Looking what is left', reachInProcess(world));
    const timeout = Math.min(options.for ?? patience, 60_000);
    const reply = await waiting(world, 'Revoking', client.cleanup({ run: runOf(world.env), timeout }));
    const now = world.clock.now();
    if (json) out.json(reply);
    else {
      for (const one of reply.revoked) out.print(`revoked ${one.id} (${roleAndScope(one)})`);
      const count = reply.revoked.length + reply.ending.length + reply.overdue.length;
      if (count === 0) out.print('nothing was left open');
    }
    for (const one of [...reply.ending, ...reply.overdue]) {
      const stays = staysText(one, now) ?? 'it could not be taken back yet; run this again: jit ci cleanup';
      out.warn(`grant ${one.id} (${roleAndScope(one)}) has ended, but ${stays}`);
    }
    return reply.ending.length + reply.overdue.length === 0 ? 0 : exitCodeOf.ERR_REVOKE_INCOMPLETE;
  },
});
