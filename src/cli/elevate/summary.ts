// What elevate says on stderr: before it asks, when access begins, and when it ends.

import type { ElevateReply, GrantView, PreviewReply } from '../../protocol/routes.ts';
import { escapeText } from '../escape.ts';
import { overdueText, roleAndScope } from '../grant-text.ts';
import { aboutText, untilText } from '../time-text.ts';
import type { World } from '../world.ts';

const indent = '     ';

/** What would be granted: role, how long, by which entitlement, and the provider's own lines. */
export function printPreview(world: World, shown: PreviewReply): void {
  const { out, clock } = world;
  const until = shown.duration === null ? '' : ` ${untilText(clock.now() + shown.duration, clock.now())}`;
  const risk = shown.risk === 'high' ? out.paintError.alarm(', risk: high') : '';
  out.note(`jit: ${out.paintError.strong(roleAndScope(shown))}${until}${risk}`);
  if (shown.entitlement !== null) out.note(`${indent}by the entitlement "${escapeText(shown.entitlement)}"`);
  for (const line of shown.preview) out.note(`${indent}${escapeText(line)}`);
}

/** What was granted, as whom, until when, and why less than asked. `stack` names the grants around it. */
export function printSummary(world: World, reply: ElevateReply, stack: string, isShell: boolean): void {
  const { out, clock } = world;
  const { grant, notes } = reply;
  const until = grant.deadline === null ? '' : ` ${untilText(grant.deadline, clock.now())}`;
  const name = out.paintError.strong(roleAndScope(grant));
  const names = grant.leases.map((lease) => escapeText(lease.name)).join(', ');
  const by = grant.entitlement === null ? '' : `, by the entitlement "${escapeText(grant.entitlement)}"`;
  out.note(`jit: ${name}${out.paintError.good(until)}, grant ${escapeText(grant.id)}`);
  out.note(`${indent}for ${escapeText(grant.principal)}${names ? `, as ${names}` : ''}${by}`);
  for (const note of notes) out.note(`${indent}${escapeText(note)}`);
  if (stack) out.note(`${indent}inside grant ${stack}`);
  if (grant.keep) out.note(`${indent}kept until its deadline; "jit revoke ${escapeText(grant.id)}" ends it`);
  else if (isShell) out.note(`${indent}"exit" ends it, "jit extend --for 30m" extends it`);
}

/** One line when an elevated shell was left. */
export function printLeft(world: World, grant: GrantView, ended: GrantView | null): void {
  const { out, clock } = world;
  const after = aboutText(clock.now() - (grant.startedAt ?? grant.requestedAt));
  const what = grant.keep ? 'the grant goes on' : ended ? 'grant ended, access revoked' : 'grant ended';
  out.note(`jit: left ${roleAndScope(grant)} after ${after}; ${what}`);
}

/** A warning for every credential of the grant that is not confirmed gone. */
export function warnOverdue(world: World, grant: GrantView): void {
  for (const lease of grant.leases) {
    if (lease.state === 'revoked') continue;
    world.out.warn(`not revoked yet: ${overdueText(lease, world.clock.now())}; see: jit status`);
  }
}
