// What the flags of elevate and its kin say is wanted. Must not: ask, or complete anything.

import type { Milliseconds } from '../../core/time.ts';
import type { Wish } from '../../protocol/routes.ts';
import { opt } from '../define-command.ts';
import { surroundingGrant } from '../reach.ts';
import { namedRole } from '../role-of.ts';
import type { World } from '../world.ts';

/** The options that shape a wish. */
export const wishOptions = {
  role: opt.name('role', 'the role, when it is not in <target>:<role>'),
  scope: opt.name('scope', 'a named scope that narrows the role'),
  for: opt.duration('for how long, e.g. 30m or 1h30m', { aliases: ['duration'] }),
  reason: opt.text('text', 'why; goes into the audit log', { aliases: ['justification'] }),
  ticket: opt.name('ticket', 'the ticket that this is for'),
};

/** Their values. */
export interface WishFlags {
  readonly role: string | null;
  readonly scope: string | null;
  readonly for: Milliseconds | null;
  readonly reason: string | null;
  readonly ticket: string | null;
}

/** True when somebody sits before it. */
export const isTerminal = ({ isTTY }: World): boolean => isTTY.stdin && isTTY.stderr;

/** @param word `<target>` or `<target>:<role>` @throws JitError `ERR_USAGE` as {@link namedRole} */
export function wishOf(world: World, word: string, flags: WishFlags): Wish {
  return {
    ...namedRole(word, flags.role),
    scope: flags.scope,
    duration: flags.for,
    reason: flags.reason ?? (world.env.JIT_REASON?.trim() || null),
    ticket: flags.ticket,
    interactive: isTerminal(world) && !world.ci,
    ci: world.ci,
    parent: surroundingGrant(world),
    identity: null,
  };
}
