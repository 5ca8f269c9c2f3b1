// jit status: grants that are active, credentials that are overdue, what was found left behind.

import type { StatusReply } from '../../protocol/routes.ts';
import { anomalyLine } from '../anomaly-text.ts';
import { defineCommand } from '../define-command.ts';
import { escapeText } from '../escape.ts';
import { findingLine, grantTable } from '../grant-text.ts';
import { logLines } from '../log-text.ts';
import type { Output } from '../output.ts';
import { reachBroker, surroundingGrant } from '../reach.ts';
import { sampleAnomaly, sampleFinding, sampleGrant, sampleLog } from '../samples.ts';

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
  for (const line of logLines(reply.auditLog, reply.now, out.paint)) out.print(line);
  if (reply.grants.length === 0) out.print('no active grants');
  else out.print(grantTable(reply.grants, reply.now, out, own).join('\n'));
  const findings = reply.recentFindings.map((finding) => findingLine(finding, reply.now));
  // What is only observed is in the log, and in --json.
  const told = reply.recentAnomalies.filter(({ action }) => action !== 'observe');
  const anomalies = told.map((anomaly) => anomalyLine(anomaly, reply.now, out.paint));
  printSection(out, 'Found left behind:', findings);
  printSection(out, 'Anomalies of the last day:', anomalies);
}

function printSection(out: Output, title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  out.print(out.paint.caution(`\n${title}`));
  for (const line of lines) out.print(`  ${line}`);
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
    recent_anomalies: [sampleAnomaly],
    audit_log: sampleLog,
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
