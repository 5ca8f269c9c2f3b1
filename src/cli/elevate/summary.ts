// What elevate says on stderr: before it asks, when access begins, and when it ends.

import type { OnEnd } from '../../core/shell-terms.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { ElevateReply, PreviewReply } from '../../protocol/routes.ts';
import type { GrantView } from '../../protocol/views.ts';
import type { Survivor } from '../../shell/survivors.ts';
import { escapeText } from '../escape.ts';
import { endText, roleAndScope } from '../grant-text.ts';
import { notRefreshedText, overdueText, staysText, withdrawalText } from '../lease-text.ts';
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

/** What the end does to a shell, where that is more than locking it. */
const endLines: Readonly<Record<OnEnd, string | null>> = {
  lock: null,
  terminate: 'at its end every program in this shell is ended',
  close: 'at its end this shell is closed, with every program in it',
};

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
  if (world.out.quiet) return;
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
  for (const lease of grant.leases) {
    const stays = withdrawalText(lease, clock.now());
    if (stays !== null) out.note(`${indent}${out.paintError.caution(stays)}`);
  }
  if (stack) out.note(`${indent}inside grant ${stack}`);
  if (grant.keep) {
    const around = grant.parent === null ? '' : `, or until ${escapeText(grant.parent)} ends`;
    out.note(`${indent}kept until its deadline${around}; "jit revoke ${escapeText(grant.id)}" ends it`);
  } else if (isShell) {
    const longer = extension === null ? '' : `, "jit extend --for ${lengthText(extension)}" extends it`;
    out.note(`${indent}"exit" ends it${longer}`);
  }
  const atEnd = isShell ? endLines[reply.shell.onEnd] : null;
  if (atEnd !== null) out.note(`${indent}${out.paintError.caution(atEnd)}`);
}

/** One line when a credential that is served cannot be made anew any more, with what helps; one when it can again. */
export function printRefreshing(
  { out, clock }: World,
  grant: GrantView,
  failure: { readonly hint?: string } | null,
): void {
  const name = roleAndScope(grant);
  const [why] = grant.leases.flatMap((lease) => notRefreshedText(lease, clock.now()) ?? []);
  if (failure === null || why === undefined) {
    out.note(`jit: ${name} is refreshed again`);
    return;
  }
  out.note(`jit: ${out.paintError.caution('warning:')} ${name} is ${why}`);
  if (failure.hint !== undefined) out.hint(failure.hint);
}

/** One line when the grant ended first: when and why, and what became of what ran under it. */
export function printEnded(world: World, grant: GrantView, ran: 'shell' | 'closed shell' | 'command'): void {
  const { out, clock } = world;
  const stays = staysText(grant, clock.now());
  if (ran !== 'command') {
    const isOver = grant.leases.every(
      ({ accessEndedAt, state }) => accessEndedAt !== null || state === 'revoked',
    );
    const access = stays ?? (isOver ? 'access revoked' : 'access is being revoked');
    const closed = ran === 'closed shell' ? '; the shell was closed' : '';
    out.note(`jit: ${endText(grant, clock.now())}; ${access}${closed}`);
    return;
  }
  const length = grant.deadline === null ? 0 : grant.deadline - grant.requestedAt;
  const isDeadline = grant.endCause === null || grant.endCause === 'expired';
  const what = isDeadline
    ? `${roleAndScope(grant)} ended at its deadline (${lengthText(length)})`
    : endText(grant, clock.now());
  out.note(`jit: ${what}; the command was stopped${stays === null ? '' : `; ${stays}`}`);
}

/** One line when an elevated shell was left. */
export function printLeft(world: World, grant: GrantView, ended: GrantView | null): void {
  if (world.out.quiet) return;
  const { out, clock } = world;
  const after = aboutText(clock.now() - (grant.startedAt ?? grant.requestedAt));
  const stays = ended && staysText(ended, clock.now());
  const gone = stays === null ? 'access revoked' : stays;
  const what = grant.keep ? 'the grant goes on' : ended ? `grant ended, ${gone}` : 'grant ended';
  out.note(`jit: left ${roleAndScope(grant)} after ${after}; ${what}`);
}

const shownSurvivors = 5;

/** One line when something goes on that was started in the shell, with the grant in its environment. */
export function printSurvivors({ out }: World, survivors: readonly Survivor[]): void {
  const [first] = survivors;
  if (!first) return;
  const names = survivors.slice(0, shownSurvivors).map(({ pid, name }) => `${pid} (${escapeText(name)})`);
  const rest = survivors.length - names.length;
  const who =
    survivors.length === 1 ? '1 process still holds it' : `${survivors.length} processes still hold it`;
  out.note(`jit: ${who}: ${names.join(', ')}${rest > 0 ? `, +${rest}` : ''}`);
}

/** A warning for every credential of the grant that is not confirmed gone. */
export function warnOverdue(world: World, grant: GrantView): void {
  for (const lease of grant.leases) {
    if (lease.state === 'revoked') continue;
    const stays = lease.state === 'overdue' ? null : withdrawalText(lease, world.clock.now());
    if (stays !== null) {
      world.out.warn(`${roleAndScope(grant)} ended, and its credential ${lease.name} ${stays}`);
      continue;
    }
    world.out.warn(
      `not revoked yet: ${overdueText(lease, world.clock.now())}; see: jit doctor ${escapeText(grant.target)}`,
    );
  }
}
