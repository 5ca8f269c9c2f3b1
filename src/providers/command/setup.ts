// How to try the programs of a target by hand, before any grant depends on them.

import type { TargetConfig } from '../../core/target.ts';
import type { Instant } from '../../core/time.ts';
import { accessOf, planLease } from './plan.ts';
import { quoted } from './program.ts';

/** Commands for a POSIX shell, one per program. No secrets: the variables of `env` have to be set by hand. */
export function setupText(target: TargetConfig, origin: string, now: Instant): string {
  const access = accessOf(target);
  const [role = ''] = target.roles.keys();
  const lease = `l${'0'.repeat(15)}`;
  const deadline = now + 600_000;
  const asked = {
    lease,
    grant: `g${'0'.repeat(11)}`,
    principal: 'user:somebody',
    reason: 'a try',
    ticket: null,
  };
  const { handle } = planLease(target, { ...asked, role, scope: null, now, deadline }, origin);
  const about = { name: handle.name, target: target.name };
  const { options } = handle;
  const requests = {
    issue: { ...asked, ...about, role, scope: null, not_after: new Date(deadline).toISOString(), options },
    confirm: { ...about, options, handle: null },
    list: { target: target.name, prefix: 'jit-', options },
    revoke: { ...about, options, handle: null },
  };
  const lines = (['issue', 'list', 'revoke', 'confirm'] as const).flatMap((action) => {
    const program = access[action];
    if (program === null) return [];
    const request = JSON.stringify({ version: 1, action, ...requests[action] });
    return [`printf '%s\\n' ${quoted(request)} | ${program.map(quoted).join(' ')}`];
  });
  const variables = Object.keys(access.env);
  return [
    '# Tries the programs by hand, in this order. Each answers JSON as schema/command-provider.json says.',
    ...(variables.length > 0 ? [`# They need ${variables.join(', ')} in the environment.`] : []),
    ...lines,
    '',
  ].join('\n');
}
