// jit status: grants that are active, credentials that are overdue, what was found left behind.

import type { StatusReply } from '../../protocol/routes.ts';
import { defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { findingLine, grantTable } from '../grant-text.ts';
import type { Output } from '../output.ts';
import { reachBroker, surroundingGrant } from '../reach.ts';
import { sampleFinding, sampleGrant } from '../samples.ts';

/** The targets of grants that have a credential which is overdue, each once. */
export function overdueTargets({ grants }: StatusReply): string[] {
  const overdue = grants.filter(({ leases }) => leases.some(({ state }) => state === 'overdue'));
  return [...new Set(overdue.map(({ target }) => target))];
}

/** Prints a status for people. `own` is the grant around this shell. */
export function printStatus(out: Output, reply: StatusReply, own: string | null): void {
  if (reply.overdue > 0) {
    const what =
      reply.overdue === 1
        ? '1 credential should be gone and is'
        : `${reply.overdue} credentials should be gone and are`;
    const next = overdueTargets(reply).map((target) => `jit doctor ${escapeText(target)}`);
    const see = next.length > 0 ? `; see: ${next.join(', ')}` : '';
    out.print(out.paint.alarm(`OVERDUE: ${what} not confirmed gone${see}`));
  }
  if (reply.grants.length === 0) out.print('no active grants');
  else out.print(grantTable(reply.grants, reply.now, out, own).join('\n'));
  if (reply.recentFindings.length === 0) return;
  out.print(out.paint.caution('\nFound left behind:'));
  for (const finding of reply.recentFindings) out.print(`  ${findingLine(finding, reply.now)}`);
}

export const status = defineCommand({
  name: 'status',
  summary: 'show your grants, how long they last, and what is overdue',
  args: {},
  options: {},
  json: {
    now: '2026-11-22T14:02:00.000Z',
    principal: 'user:alice',
    grants: [sampleGrant],
    overdue: 0,
    recent_findings: [sampleFinding],
  },
  examples: [
    { command: 'jit status', does: 'what is active now' },
    { command: 'jit status --json', does: 'the same for scripts' },
  ],
  async run(world, { json }) {
    const reply = await (await reachBroker(world)).status();
    if (json) world.out.json(reply);
    else printStatus(world.out, reply, surroundingGrant(world));
    return 0;
  },
});
