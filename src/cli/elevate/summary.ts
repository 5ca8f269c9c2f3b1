// What elevate says on stderr: before it asks, when access begins, and when it ends.

import type { Milliseconds } from '../../core/time.ts';
import type { ElevateReply, GrantView, PreviewReply } from '../../protocol/routes.ts';
import { escapeText } from '../escape.ts';
import { endText, overdueText, roleAndScope } from '../grant-text.ts';
import { previewLines } from '../preview-text.ts';
import { aboutText, lengthText, untilText } from '../time-text.ts';
import type { World } from '../world.ts';

const indent = '     ';

/** What would be granted: role, how long, by which entitlement, and the provider's own lines. */
export function printPreview(world: World, shown: PreviewReply): void {
  const { out, clock } = world;
  const until = shown.duration === null ? '' : ` ${untilText(clock.now() + shown.duration, clock.now())}`;
  const risk = shown.risk === 'high' ? out.paintError.alarm(', risk: high') : '';
  out.note(`jit: ${out.paintError.strong(roleAndScope(shown))}${until}${risk}`);
  if (shown.entitlement !== null) out.note(`${indent}by the entitlement "${escapeText(shown.entitlement)}"`);
  for (const line of previewLines(shown.preview, indent)) out.note(line);
}

/** What the summary tells beyond the reply. */
export interface SummaryExtras {
  /** Names the grants around it; empty when there is none. */
  readonly stack: string;
  readonly isShell: boolean;
  /** How long the policy would let it go on, once it is about to end; null: not at all. */
  readonly extension: Milliseconds | null;
}

/** What was granted, as whom, until when, and why less than asked. */
export function printSummary(world: World, reply: ElevateReply, extras: SummaryExtras): void {
  const { stack, isShell, extension } = extras;
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
  if (grant.keep) {
    const around = grant.parent === null ? '' : `, or until ${escapeText(grant.parent)} ends`;
    out.note(`${indent}kept until its deadline${around}; "jit revoke ${escapeText(grant.id)}" ends it`);
  } else if (isShell) {
    const longer = extension === null ? '' : `, "jit extend --for ${lengthText(extension)}" extends it`;
    out.note(`${indent}"exit" ends it${longer}`);
  }
}

/** One line when the grant ended first: when and why, and what became of what ran under it. */
export function printEnded(world: World, grant: GrantView, isShell: boolean): void {
  const { out, clock } = world;
  const isGone = grant.leases.every(({ state }) => state === 'revoked');
  const isOver =
    isGone || grant.leases.every((lease) => lease.accessEndedAt !== null || lease.state === 'revoked');
  if (isShell) {
    out.note(`jit: ${endText(grant, clock.now())}; access ${isOver ? 'revoked' : 'is being revoked'}`);
    return;
  }
  const length = grant.deadline === null ? 0 : grant.deadline - (grant.startedAt ?? grant.requestedAt);
  const isDeadline = grant.endCause === null || grant.endCause === 'expired';
  const what = isDeadline
    ? `${roleAndScope(grant)} ended at its deadline (${lengthText(length)})`
    : endText(grant, clock.now());
  out.note(`jit: ${what}; the command was stopped`);
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
    world.out.warn(
      `not revoked yet: ${overdueText(lease, world.clock.now())}; see: jit doctor ${escapeText(grant.target)}`,
    );
  }
}
