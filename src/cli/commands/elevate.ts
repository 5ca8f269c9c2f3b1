// jit elevate: the main job. Wish, request, summary, session; each is a file in ../elevate.

import { JitError } from '../../core/errors.ts';
import { type OnEnd, onEnds } from '../../core/shell-terms.ts';
import type { ElevateReply, ExportKind } from '../../protocol/routes.ts';
import { runOf } from '../../system/ci.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { dryRun } from '../elevate/dry-run.ts';
import { extensionOf } from '../elevate/extension.ts';
import { withWholeHint } from '../elevate/hint.ts';
import { identityOf, identityOptions } from '../elevate/identity.ts';
import { needTarget, pickTarget } from '../elevate/pick.ts';
import { giveBack, requestGrant } from '../elevate/request.ts';
import { runUnder } from '../elevate/session.ts';
import { printSummary } from '../elevate/summary.ts';
import { isTerminal, type WishFlags, wishOf, wishOptions } from '../elevate/wanted.ts';
import { completeWish } from '../elevate/wish.ts';
import { stackText } from '../grant-text.ts';
import { quotedWord } from '../quoted-word.ts';
import { reachBroker } from '../reach.ts';
import { sampleGrant } from '../samples.ts';
import type { World } from '../world.ts';

const exportKinds = ['reference', 'url', 'env'] as const satisfies readonly ExportKind[];

interface Flags extends WishFlags {
  readonly export: ExportKind | null;
  readonly keep: boolean;
  readonly 'on-end': OnEnd | null;
  readonly audience: string | null;
  readonly 'in-process': boolean;
  readonly 'dry-run': boolean;
}

/** What becomes of the grant: a command or shell runs under it, or it is kept and printed. */
type Use = 'command' | 'shell' | 'print';

function useOf(world: World, command: readonly string[], flags: Flags, json: boolean): Use {
  if (command.length > 0) return 'command';
  if (flags.keep && (json || !isTerminal(world))) {
    const kind = flags.export ?? 'reference';
    if (kind === 'reference') return 'print';
    const why = `option "--export ${kind}" is a credential, and credentials are not printed`;
    throw new JitError('ERR_USAGE', why, {
      hint: `hand it to a command: jit elevate … --export ${kind} -- command`,
    });
  }
  if (json) {
    throw new JitError('ERR_USAGE', 'option "--json" needs "--keep": a shell prints no JSON', {
      hint: 'jit elevate … --keep --json; with a command after "--" only failures are JSON',
    });
  }
  if (isTerminal(world)) return 'shell';
  throw new JitError('ERR_INPUT_NEEDED', 'a shell needs a terminal, and there is none', {
    hint: 'run one command: jit elevate … -- command',
  });
}

/** Where the credential lies. Some targets put it into the environment of every child: it is not asked for by name here. */
function printKept({ out }: World, reply: ElevateReply, json: boolean): void {
  const { shell: _, record: __, ...shown } = reply;
  const { secrets } = shown;
  const env = Object.fromEntries(Object.entries(reply.env).filter(([name]) => !secrets.includes(name)));
  out.json({ ...shown, env });
  if (secrets.length > 0 && !json)
    out.note(`jit: credentials are not printed here: ${secrets.join(', ')}; "jit env" has them`);
}

function typedFlags(flags: Flags, json: boolean): string[] {
  return [
    ...(flags.export === null ? [] : ['--export', flags.export]),
    ...(flags.audience === null ? [] : ['--audience', quotedWord(flags.audience)]),
    ...(flags['in-process'] ? ['--in-process'] : []),
    ...(flags.keep ? ['--keep'] : []),
    ...(flags['on-end'] === null ? [] : ['--on-end', flags['on-end']]),
    ...(flags['dry-run'] ? ['--dry-run'] : []),
    ...(json ? ['--json'] : []),
  ];
}

export const elevate = defineCommand({
  name: 'elevate',
  summary: 'get a role on a target for a while, in a shell or for one command',
  description: [
    'Opens your own shell with access in its environment, or runs the command after "--". The access ends when the',
    'shell or command does, and at the deadline at the latest. What is missing is asked for on a terminal; elsewhere',
    'the missing flag is named. JIT_REASON stands in for --reason. The exit code is that of the shell or command.',
    'With --keep and without a command, --json or the lack of a terminal prints the grant as JSON instead of opening a',
    "shell. With a command, stdout is the command's own: --json then makes jit's failures JSON, and nothing else. Inside",
    'an elevated shell the new grant ends with the one around it at the latest, also with --keep.',
    'On a target of high risk its name has to be typed before anything is asked for; --yes does without.',
    'With --dry-run the preview is printed, also as --json; the exit code is 3 where policy denies and 5 where it asks',
    'for approval.',
  ].join('\n'),
  args: {
    target: arg.optional('<target> or <target>:<role>; asked for on a terminal', 'target'),
    command: arg.words('a command to run instead of a shell', 'command'),
  },
  options: {
    ...wishOptions,
    ...identityOptions,
    export: opt.choice(
      'kind',
      exportKinds,
      'put secrets into the environment: env (keys) or url (with the password), as far as the target has them',
    ),
    keep: opt.flag(
      'keep the grant after the shell or command, until its deadline or the end of the grant around it',
    ),
    'on-end': opt.choice(
      'what',
      onEnds,
      'what its end does to the shell: lock (secrets leave it), terminate (its programs end, too), close (it ends, too)',
    ),
    'in-process': opt.flag('where no broker runs, have it in this process, as CI=true does'),
    yes: opt.flag('do not ask for the name of a target of high risk', { short: 'y' }),
    'dry-run': opt.flag('show what would be granted; ask for nothing, record nothing'),
  },
  json: {
    grant: { ...sampleGrant, keep: true },
    env: { PGSERVICEFILE: '/run/user/1000/jit/grants/g7f3k2/pg_service.conf', PGHOST: 'db.example.com' },
    unset: ['PGPASSWORD'],
    secrets: [],
    notes: [],
  },
  examples: [
    { command: 'jit elevate', does: 'asks for the target: a few letters find it' },
    { command: 'jit elevate prod-db --for 30m', does: 'a shell with access for half an hour' },
    { command: 'jit elevate prod-db:read --reason INC-4711 -- psql -c "select 1"', does: 'one command' },
    {
      command: 'jit elevate prod-db:read --on-end close',
      does: 'a shell that ends with its access, with all that runs in it; exit code 124',
    },
    {
      command: 'jit elevate aws-prod:deploy --for 5m --dry-run',
      does: 'what would be granted, and nothing else',
    },
    {
      command: 'jit elevate prod-db:read --for 1h --keep --json',
      does: 'for scripts: where the credential lies',
    },
  ],
  async run(given, { args, options, json }) {
    const world = { ...given, inProcess: given.inProcess || options['in-process'] };
    needTarget(world, args.target, 'elevate');
    const isTrial = options['dry-run'];
    const use = isTrial ? 'print' : useOf(world, args.command, options, json);
    const client = await reachBroker(world, { stays: options.keep, hasSession: true });
    const picking = { command: 'elevate', role: options.role } as const;
    const wanted = wishOf(world, await pickTarget(world, client, args.target, picking), options);
    const wish = { ...wanted, identity: await identityOf(world, client, options.audience) };
    const typed = { reason: options.reason, flags: typedFlags(options, json), command: args.command };
    const complete = await completeWish({ world, client, yes: options.yes || isTrial }, wish).catch(
      (error: unknown) => {
        throw withWholeHint(error, wish, typed);
      },
    );
    const withHint = (error: unknown): unknown => withWholeHint(error, complete, typed);
    if (isTrial) {
      await dryRun(world, client, complete, json).catch((error: unknown) => {
        throw withHint(error);
      });
      return 0;
    }
    const around = complete.parent === null ? [] : (await client.status()).grants;
    const request = {
      ...complete,
      export: options.export ?? 'reference',
      keep: options.keep,
      onEnd: options['on-end'],
      session: options.keep ? null : world.ownSession(),
      run: runOf(world.env),
    };
    const held = await requestGrant(world, client, request).catch((error: unknown) => {
      throw withHint(error);
    });
    const { reply } = held;
    if (use === 'print') {
      held.release();
      const cancelled = held.signalled();
      if (cancelled) {
        await giveBack(world, client, reply.grant);
        throw cancelled;
      }
      printKept(world, reply, json);
      return 0;
    }
    const stack = complete.parent === null ? '' : stackText(complete.parent, around);
    const isShell = use === 'shell';
    // Keys in an environment end when they end.
    const canGoOn = isShell && !options.keep && options.export !== 'env';
    const extension = canGoOn ? await extensionOf(client, complete, reply.grant, around) : null;
    printSummary(world, reply, { stack, isShell, extension });
    return runUnder(world, { client, held, extension, command: isShell ? null : args.command });
  },
});
