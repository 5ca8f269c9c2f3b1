// The grant that a console link is made of: one that is there, or a new one that is kept.

import type { Client } from '../../client/client.ts';
import { JitError } from '../../core/errors.ts';
import type { GrantView } from '../../protocol/views.ts';
import { keepGrant } from '../elevate/kept.ts';
import type { WishFlags } from '../elevate/wanted.ts';
import { surroundingGrant } from '../reach.ts';
import { namedRole } from '../role-of.ts';
import type { World } from '../world.ts';

interface Flags extends WishFlags {
  readonly grant: string | null;
  readonly yes: boolean;
  readonly audience: string | null;
  /** What was typed of `--open`, `--print` and `--json`. */
  readonly show: readonly string[];
  /** Says nothing of a new grant. */
  readonly quiet: boolean;
}

/** A grant, and what to do with it when no link comes of it. */
export interface ForLink {
  readonly grant: GrantView;
  readonly isNew: boolean;
  /** @throws Cancelled after a signal */
  readonly checkSignal: () => void;
  /** Revokes it if it is new. Never throws. */
  readonly giveBack: () => Promise<void>;
  /** Lets signals do again what they did before. */
  readonly release: () => void;
}

/** @throws JitError `ERR_USAGE`, `ERR_UNKNOWN_NAME` for a grant that does not fit, and what the broker answers */
export async function grantForLink(
  world: World,
  client: Client,
  word: string,
  flags: Flags,
): Promise<ForLink> {
  const isPlain = [flags.scope, flags.for, flags.reason, flags.ticket].every((value) => value === null);
  if (flags.grant !== null && !isPlain) {
    throw new JitError('ERR_USAGE', 'a grant that is there has its length, scope and reason already', {
      hint: `jit console ${word} --grant ${flags.grant}`,
    });
  }
  const known = await existing(world, client, word, flags, isPlain);
  if (known) {
    return {
      grant: known,
      isNew: false,
      checkSignal: () => undefined,
      giveBack: async () => undefined,
      release: () => undefined,
    };
  }
  await checkConsole(client, word, flags);
  const { show: typed, quiet } = flags;
  const how = { command: 'console', export: 'reference', typed, quiet } as const;
  const { reply, ...held } = await keepGrant(world, client, word, flags, how);
  return { ...held, grant: reply.grant, isNew: true };
}

/** Before anything is made: it would be of no use. @throws JitError `ERR_UNSUPPORTED` */
async function checkConsole(client: Client, word: string, flags: Flags): Promise<void> {
  const { target: name } = namedRole(word, flags.role);
  const { targets } = await client.targets();
  const target = targets.find((one) => one.name === name);
  // Of one that is not known the broker says so better.
  if (!target || target.console) return;
  const others = targets.filter((one) => one.console).map((one) => one.name);
  throw new JitError('ERR_UNSUPPORTED', `target "${name}" has no web console`, {
    hint: others.length === 0 ? `jit elevate ${word}` : `these have one: ${others.join(', ')}`,
  });
}

/** The grant that is named, else the one around this shell when it fits; null: a new one is wanted. */
async function existing(
  world: World,
  client: Client,
  word: string,
  flags: Flags,
  isPlain: boolean,
): Promise<GrantView | null> {
  const around = isPlain ? surroundingGrant(world) : null;
  const id = flags.grant ?? around;
  if (id === null) return null;
  const { target, role } = namedRole(word, flags.role);
  const active = (await client.status()).grants.filter(({ state }) => state === 'active');
  const exact = active.filter((grant) => grant.id === id);
  const [grant, second] = exact.length > 0 ? exact : active.filter((one) => one.id.startsWith(id));
  const fits = grant && !second && grant.target === target && (role === null || grant.role === role);
  if (fits) return grant;
  if (flags.grant === null) return null;
  if (!grant || second) {
    const why = second ? 'fits several grants' : 'is no active grant of yours';
    throw new JitError('ERR_UNKNOWN_NAME', `"${id}" ${why}`, { hint: 'jit status' });
  }
  throw new JitError(
    'ERR_USAGE',
    `grant "${grant.id}" is for ${grant.target}:${grant.role}, not for "${word}"`,
    {
      hint: `jit console ${grant.target}:${grant.role} --grant ${grant.id}`,
    },
  );
}
