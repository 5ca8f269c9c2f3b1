// jit credential git: what git runs as its credential helper in a child.

import { JitError } from '../../core/errors.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { answerFor, askedFor, largestQuestion } from '../git-credential.ts';
import { refuseOnTerminal } from '../on-terminal.ts';
import { grantFor, reachRunningBroker } from '../reach.ts';
import type { World } from '../world.ts';

/** @throws JitError `ERR_GRANT_ENDED`, and what the broker answers */
async function held(world: World, grant: string): Promise<Readonly<Record<string, string | number>>> {
  const client = await reachRunningBroker(world);
  // A broker that is started now would hold nothing.
  if (client === null) {
    throw new JitError('ERR_GRANT_ENDED', `grant "${grant}" has ended: no broker runs`, {
      hint: 'jit elevate',
    });
  }
  return (await client.credential({ grant, kind: 'git' })).credential;
}

export const credentialGit = defineCommand({
  name: 'credential git',
  summary: "answer git's questions for a user and password, from a grant",
  description: [
    "A credential helper of git, as gitcredentials(7) has it: git runs it in the grant's children and tells on standard input",
    'what it wants to reach. It answers with the token of the grant for the host and owner that the grant is for, and with',
    'nothing for others. Once the grant has ended it tells git to stop (quit=1), so that nothing else is asked for a password.',
    'There is nothing to store or erase. Only processes of the session of a grant are given its token, as far as the system',
    'tells who asks; a kept grant is for all of yours.',
  ].join('\n'),
  args: { operation: arg.required('get, store or erase, as git says; all but get do nothing') },
  options: {
    grant: opt.name('grant', 'the grant; the one around this shell when not given'),
    print: opt.flag('print the token although the output is a terminal'),
  },
  examples: [
    {
      command: 'jit credential git get --grant g7f3k2 < question',
      does: 'by hand: protocol=, host= and path=, a line each',
    },
  ],
  async run(world, { args, options }) {
    // gitcredentials(7): an operation that is not known is ignored, silently.
    if (args.operation !== 'get') return 0;
    refuseOnTerminal(world, options.print, 'this is a token', 'jit credential git get --print');
    const grant = grantFor(world, options.grant, 'credential git', '"--grant"');
    const asked = askedFor(await world.readInput(largestQuestion));
    const credential = await held(world, grant).catch((error: unknown) => {
      world.out.print('quit=1');
      throw error;
    });
    for (const line of answerFor(asked, credential)) world.out.print(line);
    return 0;
  },
});
