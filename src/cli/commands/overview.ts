// `jit` alone: where things stand, and the next useful command, on one screen. Not in the registry.

import type { Client } from '../../client/client.ts';
import { hasCode } from '../../core/errors.ts';
import { usualShellTerms, warningsFor } from '../../core/shell-terms.ts';
import type { Instant, Milliseconds } from '../../core/time.ts';
import type { StatusReply, TargetsReply } from '../../protocol/routes.ts';
import type { GrantView } from '../../protocol/views.ts';
import { escapeText } from '../escape.ts';
import { roleAndScope } from '../grant-text.ts';
import { pairs } from '../listing.ts';
import { readTargets } from '../progress.ts';
import { quotedWord } from '../quoted-word.ts';
import { reachBroker, surroundingGrant } from '../reach.ts';
import { lengthText } from '../time-text.ts';
import { isInSubshell } from '../use/shell.ts';
import type { World } from '../world.ts';
import { overdueTargets, printStatus } from './status.ts';

type Next = readonly (readonly [string, string])[];

/** More would push the next command off a small terminal. */
const mostGrants = 10;
const mostFindings = 3;
const usualLength: Milliseconds = 1_800_000;

function printNext({ out }: World, commands: Next): void {
  const rows = commands.map(([command, does]) => [out.paint.strong(command), out.paint.faint(does)]);
  out.print(['', ...pairs(out, rows).map((line) => `  ${line}`)].join('\n'));
}

const beginnings = [
  ['jit init', 'writes a first configuration'],
  ['jit demo', 'shows everything on a database of its own'],
] as const;

/** Shows the status, or how to begin when there is no configuration. */
export async function overview(world: World): Promise<number> {
  if (!world.exists(world.configPath(world.config))) {
    world.out.print(`no configuration yet at ${world.configPath(world.config)}`);
    printNext(world, [...beginnings, ['jit help', 'lists all commands']]);
    return 0;
  }
  const client = await reachBroker(world);
  const status = await client.status();
  const own = ownGrant(world);
  const ending = endingSoon(status);
  printStatus(world.out, shortened(status), own?.id ?? null);
  for (const { left, grant } of ending) {
    const text = `ENDS SOON: ${roleAndScope(grant)} in ${lengthText(left)}, grant ${escapeText(grant.id)}`;
    world.out.print(world.out.paint.caution(text));
  }
  const more = status.grants.length - mostGrants;
  if (more > 0) world.out.print(`and ${more} more: jit status`);
  const doctor = overdueTargets(status).map(
    (target) => [`jit doctor ${escapeText(target)}`, 'says what keeps the credential there'] as const,
  );
  const next = nextFor(status, own) ?? withoutLog(status) ?? (await beginningsFor(world, client));
  printNext(world, [...doctor, ...next]);
  return 0;
}

const isOverdue = ({ leases }: GrantView): boolean => leases.some(({ state }) => state === 'overdue');

const byEnd = (one: GrantView, other: GrantView): number => (one.deadline ?? 0) - (other.deadline ?? 0);

/** What is most urgent stays: overdue first, then what ends first. */
function shortened(status: StatusReply): StatusReply {
  const recentFindings = status.recentFindings.slice(0, mostFindings);
  if (status.grants.length <= mostGrants) return { ...status, recentFindings };
  const urgent = [...status.grants].sort(
    (one, other) => Number(isOverdue(other)) - Number(isOverdue(one)) || byEnd(one, other),
  );
  return { ...status, recentFindings, grants: urgent.slice(0, mostGrants) };
}

interface Ending {
  readonly grant: GrantView;
  readonly left: Milliseconds;
}

/** The active grants that shells warn of by now, the most urgent first. */
function endingSoon({ grants, now }: StatusReply): Ending[] {
  return grants
    .flatMap((grant) => {
      const left = leftOf(grant, now);
      return left === null ? [] : [{ grant, left }];
    })
    .sort((one, other) => one.left - other.left);
}

function leftOf({ state, deadline, startedAt, requestedAt }: GrantView, now: Instant): Milliseconds | null {
  if (state !== 'active' || deadline === null || deadline <= now) return null;
  const [first] = warningsFor(deadline - (startedAt ?? requestedAt), usualShellTerms.warn);
  return first !== undefined && deadline - now <= first ? deadline - now : null;
}

/** The grant of the shell that one is in. */
interface Own {
  readonly id: string;
  /** By "jit use": the shell is the user's, and leaving it is not the way out. */
  readonly isUsed: boolean;
  /** How long it can go on, e.g. `30m`; null: policy would deny that. */
  readonly extension: string | null;
}

function ownGrant(world: World): Own | null {
  const id = surroundingGrant(world);
  const told = world.env['JIT_EXTEND'] ?? '';
  const extension = /^[0-9a-z]+$/.test(told) ? told : null;
  return id === null ? null : { id, isUsed: !isInSubshell(world), extension };
}

/** What can be done about grants that go on, or about a shell whose grant is over; null: neither is there. */
function nextFor({ grants }: StatusReply, own: Own | null): Next | null {
  const active = grants.filter(({ state }) => state === 'active').sort(byEnd);
  const around = active.find(({ id }) => id === own?.id);
  if (own && around) return [...longer(own), wayOut(around, own.isUsed)];
  if (own?.isUsed) return [['jit drop', 'gives back what the variables were before; then: jit use …']];
  if (own !== null) return [['exit', 'leaves this shell, whose grant has ended; then: jit elevate …']];
  if (!active[0]) return null;
  return [
    [`jit extend ${active[0].id} --for 30m`, 'goes on for longer'],
    ['jit revoke --all', 'ends all of them now'],
  ];
}

/** While nothing is issued no new grant is offered; null: the log is well. */
function withoutLog({ auditLog }: StatusReply): Next | null {
  const doctor = ['jit doctor', 'says how the log stands'] as const;
  if (auditLog.known !== null) return [doctor, ['jit audit fork --reason "…"', 'goes on in a new log']];
  return auditLog.trouble === null ? null : [doctor];
}

const longer = ({ extension }: Own): Next =>
  extension === null ? [] : [[`jit extend --for ${extension}`, 'goes on for longer']];

function wayOut({ keep }: GrantView, isUsed: boolean): Next[number] {
  if (isUsed) return ['jit drop', 'ends the grant in use in this shell'];
  return ['exit', keep ? 'leaves this shell; the grant goes on' : 'ends the grant of this shell'];
}

async function beginningsFor(world: World, client: Client): Promise<Next> {
  const { target, length } = await likelyTarget(world, client);
  return [
    [`jit elevate ${target} --for ${lengthText(length)}`, 'opens a shell with access'],
    ['jit targets', 'lists what you may ask for'],
    ['jit help', 'lists all commands'],
  ];
}

interface Likely {
  readonly target: string;
  readonly length: Milliseconds;
}

/** The role that was had most and last, else the first target that is open. */
async function likelyTarget(world: World, client: Client): Promise<Likely> {
  try {
    return likelyOf(await readTargets(world, client));
  } catch (error) {
    // The list only makes the example nicer; a configuration that does not load is told by the commands that need it.
    if (hasCode(error, 'ERR_CONFIG')) return { target: '<target>', length: usualLength };
    throw error;
  }
}

function likelyOf({ targets }: TargetsReply): Likely {
  const open = targets.flatMap(({ name, roles }) =>
    roles.flatMap((role) => (role.maxDuration === null ? [] : [{ name, role, longest: role.maxDuration }])),
  );
  const [best] = open.sort((one, other) => other.role.frecency - one.role.frecency);
  if (!best) return { target: quotedName(targets[0]?.name), length: usualLength };
  const isUsed = best.role.frecency > 0;
  return {
    target: quotedName(isUsed ? `${best.name}:${best.role.name}` : best.name),
    length: Math.min(usualLength, best.longest),
  };
}

function quotedName(name: string | undefined): string {
  return name === undefined ? '<target>' : quotedWord(name);
}
