// What names and name patterns look like in the config. Grammar only.

import { isPrincipal } from '../core/principal.ts';

/** A target, role, scope, group or entitlement. Never a colon: that parts target and role. */
export const namePattern = /^[a-z][a-z0-9._-]{0,39}$/;

/** `target:role`, with `*` for any run of characters within either. */
export const rolePattern = /^[a-z*][a-z0-9._*-]{0,39}:[a-z*][a-z0-9._*-]{0,39}$/;

/** True when `text` can stand in `who:`. */
export function isWho(text: string): boolean {
  return text === 'everyone' || isMember(text);
}

/** True when `text` is a principal or names a group: `user:alice`, `group:leads`. */
export function isMember(text: string): boolean {
  return groupOf(text) !== null || isPrincipal(text);
}

/** The name behind `group:`, null when `text` names no group. */
export function groupOf(text: string): string | null {
  const name = text.startsWith('group:') ? text.slice('group:'.length) : '';
  return namePattern.test(name) ? name : null;
}

/** Parts `prod-db:write` at its colon. */
export function splitRole(text: string): { readonly target: string; readonly role: string } {
  const colon = text.indexOf(':');
  return { target: text.slice(0, colon), role: text.slice(colon + 1) };
}

/** Whether `name` matches a pattern whose `*` stands for any run of characters. Linear in time. */
export function matchesWildcard(pattern: string, name: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  if (parts.length === 0) return pattern === name;
  const last = parts.pop() ?? '';
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of parts) {
    const next = name.indexOf(part, at);
    if (next < 0 || next + part.length > end) return false;
    at = next + part.length;
  }
  return true;
}
