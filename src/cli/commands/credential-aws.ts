// jit credential aws: what AWS's clients run as `credential_process`.

import { JitError } from '../../core/errors.ts';
import { defineCommand, opt } from '../define-command.ts';
import { grantFor, reachRunningBroker } from '../reach.ts';

export const credentialAws = defineCommand({
  name: 'credential aws',
  summary: "print a grant's keys for AWS clients that run a program for them",
  description: [
    'Prints the JSON that credential_process wants, from the memory of the broker: Version, AccessKeyId, SecretAccessKey,',
    'SessionToken, Expiration. In an elevated shell the profile "jit" asks it (AWS_PROFILE=jit); the default profile asks',
    'the endpoint of the grant and needs none of this. Only processes of the session of a grant are given its keys, as far',
    'as the system tells who asks; a kept grant is for all of yours.',
  ].join('\n'),
  args: {},
  options: {
    grant: opt.name('grant', 'the grant; the one around this shell when not given'),
    print: opt.flag('print the keys although the output is a terminal'),
  },
  examples: [
    { command: 'jit credential aws --grant g7f3k2', does: 'as a credential_process, in a config of AWS' },
    { command: 'jit credential aws --print', does: 'the keys of this shell, on the screen' },
  ],
  async run(world, { options }) {
    const grant = grantFor(world, options.grant, 'credential aws', '"--grant"');
    if (world.isTTY.stdout && !options.print) {
      throw new JitError('ERR_USAGE', 'these are keys, and the output is a terminal', {
        hint: 'jit credential aws --print prints them all the same',
      });
    }
    const client = await reachRunningBroker(world);
    // A broker that is started now would hold nothing.
    if (client === null) {
      throw new JitError('ERR_GRANT_ENDED', `grant "${grant}" has ended: no broker runs`, {
        hint: 'jit elevate',
      });
    }
    const { credential } = await client.credential({ grant, kind: 'aws' });
    world.out.print(JSON.stringify(credential));
    return 0;
  },
});
