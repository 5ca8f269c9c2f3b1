// jit console: a link that signs in to the web console of a target, within a grant.

import type { Client } from '../../client/client.ts';
import { JitError } from '../../core/errors.ts';
import type { ConsoleReply } from '../../protocol/routes.ts';
import type { GrantView } from '../../protocol/views.ts';
import { type ForLink, grantForLink } from '../console/grant.ts';
import { arg, defineCommand, opt } from '../define-command.ts';
import { identityOptions } from '../elevate/identity.ts';
import { needTarget, pickTarget } from '../elevate/pick.ts';
import { isTerminal, wishOptions } from '../elevate/wanted.ts';
import { escapeText } from '../escape.ts';
import { waiting } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { sampleGrant } from '../samples.ts';
import { clockText, untilText } from '../time-text.ts';
import type { World } from '../world.ts';

interface Flags {
  readonly open: boolean;
  readonly print: boolean;
}

/** What becomes of the link: shown by a browser, or printed. */
type Show = { readonly as: 'file'; readonly open: (file: string) => Promise<void> } | { readonly as: 'link' };

function showOf(world: World, flags: Flags, json: boolean): Show {
  if (flags.open && flags.print)
    throw new JitError('ERR_USAGE', 'either "--open" or "--print", not both', {
      hint: 'jit console … --open',
    });
  if (json && !flags.print) {
    throw new JitError('ERR_USAGE', 'option "--json" needs "--print": the link is a secret', {
      hint: 'jit console … --print --json',
    });
  }
  if (flags.print) return { as: 'link' };
  const open = flags.open || isTerminal(world) ? world.browser() : null;
  if (open) return { as: 'file', open };
  if (flags.open) {
    throw new JitError('ERR_UNSUPPORTED', 'nothing is found here that opens a browser', {
      hint: 'jit console … --print prints the link, which is a secret',
    });
  }
  throw new JitError('ERR_INPUT_NEEDED', 'say what becomes of the link, with "--open" or "--print"', {
    hint: 'jit console … --print prints it: it is a secret',
  });
}

async function linkTo(world: World, client: Client, grant: GrantView, show: Show): Promise<ConsoleReply> {
  const link = await waiting(world, 'Asking for a link', client.console({ grant: grant.id, as: show.as }));
  if (show.as === 'file') await show.open(link.file ?? '');
  return link;
}

/** Until when it works and, unless that was said of a new grant, what ends it; on stderr. */
function tell(world: World, { grant, isNew }: ForLink, { endsAt, irrevocableUntil }: ConsoleReply): void {
  const { out, clock } = world;
  const now = clock.now();
  out.note(`jit: the link signs in for a few minutes; the console works ${untilText(endsAt, now)}`);
  if (isNew) return;
  const id = escapeText(grant.id);
  out.note(
    irrevocableUntil === null
      ? `     within grant ${id}; "jit revoke ${id}" ends it`
      : `     within grant ${id}; cannot be withdrawn; ends at ${clockText(Math.min(endsAt, irrevocableUntil), now)}`,
  );
}

export const consoleCommand = defineCommand({
  name: 'console',
  summary: "sign in to a target's web console, for as long as a grant lasts",
  description: [
    'Gets a grant like "elevate --keep", or takes the one around this shell when it is of that target and nothing else is',
    'asked for, and makes a link of it that signs in without a password. What it opens has the rights of the grant and',
    'ends with it. The link is a secret: whoever has it first is signed in. On a terminal it is opened in the browser,',
    'through a private page that is removed a minute later, so that it is in no command line; elsewhere --open or --print',
    'says what to do with it.',
  ].join('\n'),
  args: { target: arg.optional('<target> or <target>:<role>; asked for on a terminal', 'target') },
  options: {
    ...wishOptions,
    ...identityOptions,
    grant: opt.name('grant', 'a grant that you have, instead of a new one'),
    open: opt.flag('open it in the browser'),
    print: opt.flag('print the link on stdout'),
    yes: opt.flag('do not ask for the name of a target of high risk', { short: 'y' }),
  },
  json: {
    url: 'https://signin.aws.amazon.com/federation?Action=login&…',
    ends_at: '2026-11-22T14:32:00.000Z',
    grant: { ...sampleGrant, keep: true },
  },
  examples: [
    { command: 'jit console aws-prod:read --for 30m', does: 'in the browser' },
    { command: 'jit console aws-prod --print | wl-copy', does: 'the link, for another browser' },
  ],
  async run(world, { args, options, json }) {
    needTarget(world, args.target, 'console');
    const show = showOf(world, options, json);
    const client = await reachBroker(world, { stays: true });
    const target = await pickTarget(world, client, args.target, {
      command: 'console',
      role: options.role,
      fits: ({ console: has }) => has,
    });
    const typed = { open: options.open, print: options.print, json };
    const shown = Object.entries(typed).flatMap(([name, isTyped]) => (isTyped ? [`--${name}`] : []));
    const held = await grantForLink(world, client, target, { ...options, show: shown, quiet: json });
    try {
      const link = await linkTo(world, client, held.grant, show);
      held.checkSignal();
      if (json) world.out.json({ url: link.url, endsAt: link.endsAt, grant: held.grant });
      else {
        if (link.url !== null) world.out.print(link.url);
        tell(world, held, link);
      }
      return 0;
    } catch (error) {
      await held.giveBack();
      throw error;
    } finally {
      held.release();
    }
  },
});
