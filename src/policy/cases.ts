// `jit policy test`: cases in YAML, each decided by the policy and compared with what was expected.

import { formatDuration } from '../core/duration.ts';
import type { Instant } from '../core/time.ts';
import { type CasesValue, casesSchema } from './cases-schema.ts';
import type { Decision, Policy, PolicyRequest } from './config.ts';
import { splitRole } from './names.ts';
import { configError } from './problem.ts';
import { checkAgainst } from './shape.ts';
import { readYaml } from './yaml.ts';

/** One case and how it went. */
export interface CaseRow {
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
  readonly passed: boolean;
  readonly why: string;
}

type Case = CasesValue['cases'][number];

const words = { allowed: 'allowed', 'needs-approval': 'needs approval', denied: 'denied' } as const;

function requestOf(one: Case, now: Instant): PolicyRequest {
  return {
    principal: one.principal,
    ...splitRole(one.request),
    scope: one.scope ?? null,
    duration: one.for ?? null,
    reason: one.reason ?? null,
    ticket: one.ticket ?? null,
    interactive: one.interactive,
    ci: one.ci,
    now: one.at === undefined ? now : Date.parse(one.at),
  };
}

function rowOf(one: Case, decision: Decision): CaseRow {
  const by = (name: string | null | undefined) => (name ? ` by ${name}` : '');
  const actual = words[decision.outcome];
  const isRule = one.entitlement === undefined || one.entitlement === decision.entitlement;
  const how = decision.outcome === 'denied' ? '' : ` for ${formatDuration(decision.duration)}`;
  return {
    name: one.name,
    expected: `${one.expect}${by(one.entitlement)}`,
    actual: `${actual}${how}${by(decision.entitlement)}`,
    passed: actual === one.expect && isRule,
    why: decision.reasons.join('; '),
  };
}

/**
 * Runs the cases of a file.
 * @param now the time of cases without `at`.
 * @throws JitError `ERR_CONFIG` when the file is not as its schema says.
 */
export function runCases(
  policy: Policy,
  file: { readonly path: string; readonly text: string | Uint8Array },
  now: Instant,
): CaseRow[] {
  const again = `jit policy test ${file.path}`;
  const { value, source, problems } = readYaml(file.path, file.text);
  if (value === undefined || problems.length > 0) throw configError(file.path, problems, again);
  const checked = checkAgainst(casesSchema, value, source);
  if (!checked.ok) throw configError(file.path, checked.problems, again);
  return checked.value.cases.map((one) => rowOf(one, policy.decide(requestOf(one, now))));
}
