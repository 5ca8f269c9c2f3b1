// jit use: a grant in the shell that one is in. The function of jit in that shell calls it and reads the records.

import type { Client } from '../../client/client.ts';
import { JitError } from '../../core/errors.ts';
import type { ElevateReply, ExportKind, Wish } from '../../protocol/routes.ts';
import { runOf } from '../../system/ci.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { extensionOf } from '../elevate/extension.ts';
import { withWholeHint } from '../elevate/hint.ts';
import { identityOf } from '../elevate/identity.ts';
import { renamed } from '../elevate/kept.ts';
import { needTarget, pickTarget } from '../elevate/pick.ts';
import { giveBack, type Held, requestGrant } from '../elevate/request.ts';
import { printSummary } from '../elevate/summary.ts';
import { wishOf, wishOptions } from '../elevate/wanted.ts';
import { completeWish } from '../elevate/wish.ts';
import { reachBroker } from '../reach.ts';
import { lengthText } from '../time-text.ts';
import { recordsOf } from '../use/records.ts';
import { isInSubshell, shellOptions, usingShell } from '../use/shell.ts';
import type { World } from '../world.ts';

/** Its end would do to the user's own shell what is not done to it. @throws JitError `ERR_UNSUPPORTED` */
async function refuseStrictEnd(client: Client, wish: Wish): Promise<void> {
  const { onEnd, target, role } = await client.preview(wish);
  if (onEnd === 'lock') return;
  const does = onEnd === 'close' ? 'closes its shell' : 'ends what was started with it';
  throw new JitError(
    'ERR_UNSUPPORTED',
    `the end of a grant on "${target}" ${does}, and this shell is yours`,
    {
      hint: `in a shell of its own: jit elevate ${target}:${role}`,
    },
  );
}

/** Gives the grant to the shell, or back: a shell that was interrupted has not read it. */
async function handOver(
  world: World,
  client: Client,
  held: Held,
  { extension, shellPid }: { extension: string | null; shellPid: number },
): Promise<void> {
  const { grant, env, unset, secrets, shell }: ElevateReply = held.reply;
  const { id, target, role, risk, deadline } = grant;
  const checkSignal = (): void => {
    const cancelled = held.signalled();
    if (cancelled) throw cancelled;
  };
  try {
    const records = recordsOf({
      baseEnv: world.env,
      shellPid,
      env,
      unset,
      secrets,
      extension,
      grant: { id, target, role, risk, deadline: deadline ?? world.clock.now() },
      terms: shell,
      stateFile: world.promptState(),
    });
    checkSignal();
    try {
      world.handOver(records);
    } catch (cause) {
      throw new JitError('ERR_CHILD_SETUP', 'the shell does not take what it was to be given', { cause });
    }
    printSummary(world, held.reply, { stack: '', isShell: false, extension: null });
    const longer = extension === null ? '' : `, "jit extend --for ${extension}" extends it`;
    if (!world.out.quiet) {
      world.out.note(`     "jit drop" ends it${longer}; this shell stays when it has ended`);
    }
    checkSignal();
  } catch (error) {
    await giveBack(world, client, grant);
    throw error;
  } finally {
    held.release();
  }
}

export const use = defineCommand({
  name: 'use',
  summary: 'get a role on a target for a while, in the shell you are in',
  description: [
    'Sets the variables of the grant in this shell, through the function that "jit shell-init" installs. "jit drop" ends it',
    'and gives back what the variables were; a second "jit use" takes its place. It also ends with this shell, and at the',
    'deadline at the latest: then secrets are gone, what needs the grant fails, and this shell stays.',
    'Everything that is started from this shell has the access, too; "jit elevate" keeps it apart.',
  ].join('\n'),
  args: { target: arg.optional('<target> or <target>:<role>; asked for on a terminal', 'target') },
  options: {
    ...wishOptions,
    export: opt.choice(
      'kind',
      ['reference', 'url', 'env'] as const satisfies readonly ExportKind[],
      'put secrets into the environment: env (keys) or url (with the password), as far as the target has them',
    ),
    yes: opt.flag('do not ask for the name of a target of high risk', { short: 'y' }),
    ...shellOptions,
  },
  examples: [
    { command: 'jit use prod-db:read --for 30m', does: 'in this shell, for half an hour' },
    { command: 'jit use prod-db:write --reason INC-4711', does: 'instead of what is in use' },
  ],
  async run(world, { args, options }) {
    needTarget(world, args.target, 'use');
    if (isInSubshell(world)) {
      throw new JitError('ERR_CONFLICT', 'this shell was opened for a grant, and is not given another', {
        hint: ['jit elevate', ...(args.target === null ? [] : [args.target])].join(' '),
      });
    }
    const session = usingShell(world, options, 'use');
    const client = await reachBroker(world, { stays: true });
    const picking = { command: 'use', role: options.role } as const;
    const wanted = wishOf(world, await pickTarget(world, client, args.target, picking), options);
    const kind = options.export ?? 'reference';
    const typed = {
      reason: options.reason,
      flags: options.export === null ? [] : ['--export', kind],
      command: [],
    };
    const ask = async (): Promise<{ held: Held; wish: Wish }> => {
      const identified = { ...wanted, identity: await identityOf(world, client, null) };
      const wish = await completeWish({ world, client, yes: options.yes }, identified);
      await refuseStrictEnd(client, wish);
      const how = { export: kind, keep: false, onEnd: 'lock', session, run: runOf(world.env) } as const;
      return { held: await requestGrant(world, client, { ...wish, ...how }), wish };
    };
    const { held, wish } = await ask().catch((error: unknown) => {
      throw renamed(withWholeHint(error, wanted, typed), 'use');
    });
    // Keys in an environment end when they end.
    const longest = kind === 'env' ? null : await extensionOf(client, wish, held.reply.grant, []);
    const extension = longest === null ? null : lengthText(longest);
    await handOver(world, client, held, { extension, shellPid: session.pid });
    return 0;
  },
});
