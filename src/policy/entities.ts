// Principals, groups and roles as Cedar sees them. Values only.

import type { Context, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import { parsePrincipal } from '../core/principal.ts';
import type { TargetConfig } from '../core/target.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { Config, PolicyRequest } from './config.ts';
import { groupOf } from './names.ts';

const types = { user: 'User', job: 'Job', agent: 'Agent' } as const;

/** `user:alice` as `User::"alice"`. @throws JitError `ERR_USAGE` when it is no principal. */
export function principalEntity(principal: string): TypeAndId {
  const { kind, name } = parsePrincipal(principal);
  return { type: types[kind], id: name };
}

/** A name of a group as `Group::"leads"`. */
export function groupEntity(name: string): TypeAndId {
  return { type: 'Group', id: name };
}

/** `prod-db:write` as `Role::"prod-db:write"`. */
export function roleEntity(target: string, role: string): TypeAndId {
  return { type: 'Role', id: `${target}:${role}` };
}

/** All groups that hold `principal`, directly or through other groups. */
export function groupsOf(config: Config, principal: string): ReadonlySet<string> {
  const found = new Set<string>();
  const holds = (members: readonly string[]) =>
    members.some((member) => member === principal || found.has(groupOf(member) ?? ''));
  let size = -1;
  while (size < found.size) {
    size = found.size;
    for (const [group, members] of config.groups) if (holds(members)) found.add(group);
  }
  return found;
}

/** The entities of one request. */
export function entitiesOf(config: Config, request: PolicyRequest, target: TargetConfig): EntityJson[] {
  const groups = [...groupsOf(config, request.principal)].map(groupEntity);
  const none = { attrs: {}, parents: [] };
  const attrs = {
    target: target.name,
    role: request.role,
    provider: target.provider,
    risk: target.risk,
  };
  const targetUid = { type: 'Target', id: target.name };
  return [
    ...groups.map((uid) => ({ uid, ...none })),
    { uid: principalEntity(request.principal), attrs: {}, parents: groups },
    { uid: targetUid, ...none },
    { uid: roleEntity(target.name, request.role), attrs, parents: [targetUid] },
  ];
}

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Hour 0..23, and the day of the week as `mon`..`sun` and 1..7 (ISO 8601: Monday is 1), in a zone. */
function localTime(
  now: Instant,
  timezone: string,
): { hour: number; weekday: string; weekday_number: number } {
  if (timezone === 'UTC') {
    // Without Intl, whose tables take 8 MB in a broker that is idle most of its life.
    const date = new Date(now);
    const number = ((date.getUTCDay() + 6) % 7) + 1;
    return { hour: date.getUTCHours(), weekday: weekdays[number - 1] ?? '', weekday_number: number };
  }
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hour: 'numeric',
    hourCycle: 'h23',
    weekday: 'short',
  }).formatToParts(now);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  const weekday = part('weekday').toLowerCase();
  return { hour: Number(part('hour')), weekday, weekday_number: weekdays.indexOf(weekday) + 1 };
}

/** What `context` holds. What was not said is "". */
export function contextOf(
  request: PolicyRequest,
  said: { readonly duration: Milliseconds; readonly ticket: string | null; readonly timezone: string },
): Context {
  return {
    duration_seconds: Math.ceil(said.duration / 1000),
    // Half a surrogate pair, which JavaScript allows, is not a text for Cedar.
    reason: (request.reason ?? '').toWellFormed(),
    ticket: (said.ticket ?? '').toWellFormed(),
    scope: request.scope ?? '',
    ...localTime(request.now, said.timezone),
    interactive: request.interactive,
    ci: request.ci,
  };
}
