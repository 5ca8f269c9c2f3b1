// The policy that a session is made with: what the scope leaves of the role, and an exact end. Pure.

import { JitError } from '../../core/errors.ts';
import type { Instant } from '../../core/time.ts';
import type { PlanRequest } from '../provider.ts';
import { longestSessionPolicy, type Variable } from './policy-limits.ts';
import type { ScopeOptions } from './schema.ts';

/** What STS is given. */
export interface SessionPolicy {
  /** Minified JSON. */
  readonly inline: string;
  readonly managed: readonly string[];
}

/**
 * Denies everything from the deadline on, by AWS's clock: grants shorter than STS's 900 seconds, and the exact end of
 * any grant. Second precision, rounded down, so never late.
 */
export function timeBox(deadline: Instant): object {
  const end = new Date(Math.floor(deadline / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  return {
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': end } },
  };
}

/**
 * The session policy of a lease.
 * @throws JitError `ERR_USAGE` when a variable has no value or one that could widen the policy, `ERR_CONFIG` when the
 *   policy is longer than AWS takes.
 */
export function sessionPolicy(options: ScopeOptions, request: PlanRequest, deadline: Instant): SessionPolicy {
  const managed = options.managed_policies ?? [];
  const own = options.statements ? fill(options.statements, request) : [];
  // A session policy is a filter: without any Allow nothing would pass. Managed ones bring their own.
  const isFree = own.length === 0 && managed.length === 0;
  const all = isFree ? [{ Effect: 'Allow', Action: '*', Resource: '*' }] : own;
  const inline = JSON.stringify({ Version: '2012-10-17', Statement: [...all, timeBox(deadline)] });
  const size = inline.length + managed.join('').length;
  if (size > longestSessionPolicy) {
    throw new JitError(
      'ERR_CONFIG',
      `the session policy has ${size} characters; AWS takes ${longestSessionPolicy}`,
      { hint: 'shorten the statements of the scope, or move them into a managed policy (managed_policies)' },
    );
  }
  return { inline, managed };
}

function fill(statements: NonNullable<ScopeOptions['statements']>, request: PlanRequest): object[] {
  const values: Record<Variable, string | null> = {
    principal: request.principal.replace(/^user:/, ''),
    lease: request.lease,
    grant: request.grant,
    ticket: request.ticket,
  };
  const replace = (text: string): string =>
    text.replace(/\$\{jit\.([a-z]+)\}/g, (_all, name: Variable) => {
      const value = values[name];
      // `*`, `?` and `$` mean something in a policy.
      if (value && /^[\w+=,.@:/#-]+$/.test(value)) return value;
      throw new JitError('ERR_USAGE', `the scope needs a ${name} that can be part of an AWS policy`, {
        hint:
          name === 'ticket'
            ? 'name the ticket in the reason'
            : 'letters, digits and + = , . @ : / # _ - only',
      });
    });
  return JSON.parse(JSON.stringify(statements), (_key, value) =>
    typeof value === 'string' ? replace(value) : value,
  ) as object[];
}
