// jit token: the token of a new grant on stdout, for scripts.

import { JitError } from '../../core/errors.ts';
import type { GrantView } from '../../protocol/views.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { identityOptions } from '../elevate/identity.ts';
import { withKeptGrant } from '../elevate/kept.ts';
import { needTarget, pickTarget } from '../elevate/pick.ts';
import { wishOptions } from '../elevate/wanted.ts';
import { refuseOnTerminal } from '../on-terminal.ts';
import { reachBroker } from '../reach.ts';
import { sampleGrant } from '../samples.ts';

/** When the token is dead, whoever ends it first. */
function endOf({ deadline, leases }: GrantView): number {
  return Math.min(deadline ?? Number.POSITIVE_INFINITY, ...leases.map((lease) => lease.hardDeadline));
}

export const token = defineCommand({
  name: 'token',
  summary: 'print a token that ends with its grant, for scripts',
  description: [
    'Gets a grant like "elevate --keep", and prints its token alone on stdout; what was granted is said on stderr. For',
    'targets whose credential is one token (github): others have "jit env". The grant is kept until its deadline; "jit',
    'revoke" with the id that stderr says ends it, and the token with it. On a terminal nothing is printed without --print.',
  ].join('\n'),
  args: { target: arg.optional('<target> or <target>:<role>; asked for on a terminal', 'target') },
  options: {
    ...wishOptions,
    ...identityOptions,
    print: opt.flag('print the token although the output is a terminal'),
    yes: opt.flag('do not ask for the name of a target of high risk', { short: 'y' }),
  },
  json: {
    token: 'ghs_…',
    expires_at: '2026-11-22T14:32:00.000Z',
    grant: { ...sampleGrant, keep: true },
  },
  examples: [
    {
      command: 'jit token deploy-repos:read --for 10m --reason "nightly report" > token',
      does: 'the token alone',
    },
    { command: 'jit token deploy-repos:read --for 10m --json', does: 'with its end and its grant' },
  ],
  async run(world, { args, options, json }) {
    const given = args.target;
    needTarget(world, given, 'token');
    const again = ['jit token', ...(given === null ? [] : [given]), '--print'].join(' ');
    refuseOnTerminal(world, options.print, 'this is a token', again);
    const client = await reachBroker(world, { stays: true });
    const target = await pickTarget(world, client, given, { command: 'token', role: options.role });
    const typed = [...(options.print ? ['--print'] : []), ...(json ? ['--json'] : [])];
    const how = { command: 'token', export: 'token', typed, quiet: json } as const;
    await withKeptGrant(world, client, target, options, {
      ...how,
      use({ env, grant }) {
        const { JIT_TOKEN: made } = env;
        if (made === undefined) throw new JitError('ERR_PROTOCOL', 'the broker answered without a token');
        if (json) world.out.json({ token: made, expiresAt: endOf(grant), grant });
        else world.out.print(made);
      },
    });
    return 0;
  },
});
