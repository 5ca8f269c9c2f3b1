// Which target is meant where none is named: found by a few letters, the most used first. Must not: ask for a grant.

import type { Client } from '../../client/client.ts';
import { JitError } from '../../core/errors.ts';
import type { TargetsReply } from '../../protocol/routes.ts';
import type { AskChoice } from '../ask.ts';
import { escapeText } from '../escape.ts';
import { found } from '../fuzzy.ts';
import { readTargets } from '../progress.ts';
import { lengthText } from '../time-text.ts';
import type { World } from '../world.ts';

type Target = TargetsReply['targets'][number];
type Role = Target['roles'][number];

/** What is missing, and which targets come into question. */
export interface Picking {
  /** The command that needs it, for messages, e.g. `elevate`. */
  readonly command: string;
  /** `--role`: only targets that have it. */
  readonly role: string | null;
  /** Others are left out. */
  readonly fits?: (target: Target) => boolean;
}

/** A role that can be had, as a list shows it. */
interface Candidate {
  /** `prod-db:write` */
  readonly name: string;
  readonly frecency: number;
  readonly about: string;
}

function aboutText(target: Target, role: Role): string {
  const length = role.maxDuration === null ? [] : [`up to ${lengthText(role.maxDuration)}`];
  return [
    ...length,
    ...(role.needsApproval ? ['with approval'] : []),
    ...(target.risk === 'high' ? ['risk: high'] : []),
    ...[role.description ?? target.description ?? ''].filter(Boolean).map(escapeText),
  ].join(', ');
}

/** The roles that the caller may have now. */
function candidatesOf(
  { targets }: TargetsReply,
  { role: wanted, fits }: Omit<Picking, 'command'>,
): Candidate[] {
  return targets
    .filter((target) => fits?.(target) ?? true)
    .flatMap((target) =>
      target.roles
        .filter((role) => role.maxDuration !== null && (wanted === null || role.name === wanted))
        .map((role) => ({
          name: `${target.name}:${role.name}`,
          frecency: role.frecency,
          about: aboutText(target, role),
        })),
    );
}

/** Without a terminal nothing can be picked. @throws JitError `ERR_INPUT_NEEDED` */
export function needTarget(world: World, given: string | null, command: string): void {
  if (given !== null || world.interactive) return;
  throw new JitError('ERR_INPUT_NEEDED', `"jit ${command}" needs <target>`, { hint: 'jit targets' });
}

/**
 * The target that was given, as it is; else the `<target>:<role>` that is picked on the terminal.
 * @throws JitError `ERR_INPUT_NEEDED` when nothing may be asked, `ERR_POLICY_DENIED` when there is nothing to pick;
 * Cancelled
 */
export async function pickTarget(
  world: World,
  client: Pick<Client, 'targets'>,
  given: string | null,
  { command, ...picking }: Picking,
): Promise<string> {
  if (given !== null) return given;
  needTarget(world, given, command);
  const candidates = candidatesOf(await readTargets(world, client), picking);
  if (candidates.length === 0) {
    throw new JitError('ERR_POLICY_DENIED', 'there is nothing here that you may ask for now', {
      hint: 'jit targets',
    });
  }
  return world.ask.search('Target', (typed): AskChoice[] =>
    found(typed, candidates).map(({ name, about }) => ({
      value: name,
      name: escapeText(name),
      description: about,
    })),
  );
}
