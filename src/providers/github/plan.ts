// What a lease would be: the handle, chosen before anything exists, and lines for people. Pure.

import { formatDuration } from '../../core/duration.ts';
import type { TargetConfig } from '../../core/target.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { Plan, PlanRequest } from '../provider.ts';
import { accessOf, type Rights, rightsOf } from './access.ts';
import { type GithubHandle, lifeOf, undisclosedEnd } from './handle.ts';
import { listed } from './permissions.ts';

/** Between the plan and the last try to get a token; later than this, nothing is made. */
export const planSlack: Milliseconds = 60_000;

/** @throws JitError `ERR_UNKNOWN_NAME`, `ERR_CONFIG` */
export function planLease(target: TargetConfig, request: PlanRequest): Plan<GithubHandle> {
  const access = accessOf(target);
  const rights = rightsOf(target, request.role, request.scope);
  const until = undisclosedEnd(access, request.now + planSlack);
  const handle: GithubHandle = {
    access,
    lease: request.lease,
    permissions: rights.permissions,
    installation: access.installation_id,
    repositories: null,
    account: null,
    tokens: [],
    // On disk before GitHub is asked: whatever happens then, this is how long a token may live that nobody knows.
    undisclosed_until: until,
  };
  return { handle, hardDeadline: until, preview: preview(handle, rights, request.deadline - request.now) };
}

function preview({ access }: GithubHandle, rights: Rights, length: Milliseconds): string[] {
  const named = rights.repositories.map((list) => list.join(', ')).join('; of these: ');
  const lines = [
    `token of ${access.user ? 'yours by ' : ''}GitHub App ${access.app_id} for ${access.owner} at ${new URL(access.git_url).host}`,
    `repositories ${named}`,
    `permissions ${listed(rights.permissions)}`,
    `what is written with it is written by ${access.user ? 'you' : 'the App, not by you'}`,
  ];
  const most = lifeOf(access);
  if (length > most) {
    const life = formatDuration(most);
    const then = access.user
      ? 'the grant is of no use after that'
      : 'the helper renews it until the deadline, exported tokens end sooner';
    lines.push(`GitHub ends a token after ${life}: ${then}`);
  }
  return lines;
}
