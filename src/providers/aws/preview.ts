// What a lease would be, in lines for people: names, the effective session policy, and where AWS's limits show. Pure.

import { formatDuration } from '../../core/duration.ts';
import type { Json } from '../../core/json.ts';
import type { Milliseconds } from '../../core/time.ts';
import type { AwsHandle } from './handle.ts';
import { longestSessionPolicy } from './policy-limits.ts';
import type { RoleOptions } from './schema.ts';
import type { SessionPolicy } from './session-policy.ts';

/** What the lines tell beyond the handle. */
interface Shown {
  readonly length: Milliseconds;
  /** Longest single session. */
  readonly longest: Milliseconds;
  readonly isChained: boolean;
  /** STS gives no shorter session. */
  readonly shortest: Milliseconds;
  readonly policy: SessionPolicy;
}

/** One entry per fact; that of the session policy has several lines. */
export function previewOf(handle: AwsHandle, role: RoleOptions, shown: Shown): string[] {
  const { length, longest, isChained, shortest, policy } = shown;
  const via = role.chain.length > 0 ? `, through ${role.chain.join(', ')}` : '';
  const who = handle.source_identity === null ? '' : `, source identity ${handle.source_identity}`;
  const tags = Object.keys(handle.tags);
  const lines = [
    `role ${handle.role_arn} in ${handle.access.region}${via}`,
    `session ${handle.session_name}${who}`,
    ...(tags.length > 0 ? [`session tags ${tags.join(', ')}`] : []),
    ...policyLines(policy),
  ];
  if (length > longest) {
    const why = isChained && longest === 3_600_000 ? 'AWS caps chained roles at' : 'one session lasts';
    lines.push(
      `${why} ${formatDuration(longest)}: the endpoint renews it until the deadline, exported keys end sooner`,
    );
  }
  if (length < shortest) {
    const least = formatDuration(shortest);
    lines.push(
      `AWS gives no keys for less than ${least}: the session policy denies everything from the deadline on`,
    );
  }
  lines.push(
    role.revoke === 'deny-session'
      ? 'can be taken back: a Deny for this session alone is added to the role'
      : 'cannot be withdrawn before the deadline: keys that were read until then work',
  );
  return lines;
}

function policyLines({ inline, managed }: SessionPolicy): string[] {
  const size = inline.length + managed.join('').length;
  const also = managed.length > 0 ? ', the names of managed ones included' : '';
  return [
    `session policy: ${size} of ${longestSessionPolicy} characters${also}\n${folded(JSON.parse(inline) as Json, '')}`,
    ...managed.map((arn) => `managed session policy ${arn}`),
  ];
}

const width = 96;

/** JSON to be read: what fits into a line stays on it. */
function folded(value: Json, indent: string): string {
  const flat = onOneLine(value);
  if (typeof value !== 'object' || value === null || indent.length + flat.length <= width) return flat;
  const deeper = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((one) => `${deeper}${folded(one, deeper)}`)
    : Object.entries(value).map(([key, one]) => `${deeper}${JSON.stringify(key)}: ${folded(one, deeper)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}

function onOneLine(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${onOneLine(one)}`);
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}
