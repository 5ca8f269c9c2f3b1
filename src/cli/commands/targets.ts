// jit targets: what is there, and what of it the caller may ask for now.

import type { TargetsReply } from '../../protocol/routes.ts';
import type { Paint } from '../colour.ts';
import { defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { listing } from '../listing.ts';
import { readTargets } from '../progress.ts';
import { reachBroker } from '../reach.ts';
import { lengthText } from '../time-text.ts';

type Target = TargetsReply['targets'][number];
type Role = Target['roles'][number];

function longest(role: Role, paint: Paint): string {
  if (role.maxDuration === null) return paint.faint('not for you');
  return role.needsApproval ? `${lengthText(role.maxDuration)}, with approval` : lengthText(role.maxDuration);
}

function row(target: Target, role: Role, paint: Paint): string[] {
  const name = `${escapeText(target.name)}:${escapeText(role.name)}`;
  return [
    role.maxDuration === null ? paint.faint(name) : paint.strong(name),
    longest(role, paint),
    target.risk === 'high' ? paint.alarm('high') : target.risk,
    role.scopes.length ? role.scopes.map(escapeText).join(', ') : '-',
    escapeText(role.description ?? target.description ?? ''),
  ];
}

export const targets = defineCommand({
  name: 'targets',
  summary: 'list targets and roles, and how long you may have each',
  args: {},
  options: {},
  json: {
    targets: [
      {
        name: 'prod-db',
        provider: 'postgres',
        description: 'orders database',
        risk: 'high',
        console: false,
        roles: [
          {
            name: 'read',
            description: 'read everything',
            scopes: ['orders-only'],
            max_duration_ms: 3_600_000,
            needs_approval: false,
            frecency: 0,
          },
        ],
      },
    ],
  },
  examples: [
    { command: 'jit targets', does: 'what you may ask for now' },
    { command: 'jit targets --json', does: 'the same for scripts' },
  ],
  async run(world, { json }) {
    const { out } = world;
    const reply = await readTargets(world, await reachBroker(world));
    if (json) {
      out.json(reply);
      return 0;
    }
    const rows = reply.targets.flatMap((target) =>
      target.roles.map((role) => ({ cells: row(target, role, out.paint) })),
    );
    if (rows.length === 0) out.print('the configuration names no target');
    else {
      const heads = ['TARGET:ROLE', 'LONGEST', 'RISK', 'SCOPES', 'DESCRIPTION'];
      out.print(listing(out, heads, rows).join('\n'));
    }
    return 0;
  },
});
