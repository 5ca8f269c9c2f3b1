// `jit` alone: where things stand, and the next useful command. Not in the registry.

import { hasCode } from '../../core/errors.ts';
import type { StatusReply } from '../../protocol/routes.ts';
import { escapeText } from '../escape.ts';
import { reachBroker, surroundingGrant } from '../reach.ts';
import { table } from '../table.ts';
import type { World } from '../world.ts';
import { overdueTargets, printStatus } from './status.ts';

function printNext(world: World, commands: readonly (readonly [string, string])[]): void {
  const { out } = world;
  const rows = commands.map(([command, does]) => [`  ${out.paint.strong(command)}`, out.paint.faint(does)]);
  out.print(['', ...table(rows)].join('\n'));
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
  const own = surroundingGrant(world);
  printStatus(world.out, status, own);
  const doctor = overdueTargets(status).map(
    (target) => [`jit doctor ${escapeText(target)}`, 'says what keeps the credential there'] as const,
  );
  const next = nextFor(status, own) ?? [
    [`jit elevate ${await firstTarget(client)} --for 30m`, 'opens a shell with access'] as const,
    ['jit targets', 'lists what you may ask for'] as const,
    ['jit help', 'lists all commands'] as const,
  ];
  printNext(world, [...doctor, ...next]);
  return 0;
}

type Next = readonly (readonly [string, string])[];

/** What can be done about grants that go on, or about a shell whose grant is over; null: neither is there. */
function nextFor({ grants }: StatusReply, own: string | null): Next | null {
  const active = grants.filter(({ state }) => state === 'active');
  const around = active.find(({ id }) => id === own);
  if (around) {
    return [
      ['jit extend --for 30m', 'goes on for longer'],
      ['exit', around.keep ? 'leaves this shell; the grant goes on' : 'ends the grant around this shell'],
    ];
  }
  if (own !== null) return [['exit', 'leaves this shell, whose grant has ended; then: jit elevate …']];
  if (!active[0]) return null;
  return [
    [`jit extend ${active[0].id} --for 30m`, 'goes on for longer'],
    ['jit revoke --all', 'ends all of them now'],
  ];
}

async function firstTarget(client: Awaited<ReturnType<typeof reachBroker>>): Promise<string> {
  try {
    const { targets } = await client.targets();
    const open = targets.find(({ roles }) => roles.some(({ maxDuration }) => maxDuration !== null));
    return (open ?? targets[0])?.name ?? '<target>';
  } catch (error) {
    // The list only makes the example nicer; a configuration that does not load is told by the commands that need it.
    if (hasCode(error, 'ERR_CONFIG')) return '<target>';
    throw error;
  }
}
