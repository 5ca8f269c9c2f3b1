// The `when:` of an entitlement: one Cedar expression, and nothing that could end the policy around it.

import { type Cedar, type CedarFault, validateText } from './cedar.ts';

const before = 'permit(principal, action == Action::"request", resource) when {\n';
const after = '\n};';

/** True when `text` between the braces of one `when` is exactly one expression. */
function isOneExpression(cedar: Cedar, text: string): boolean {
  const answer = cedar.policyToJson(before + text + after);
  if (answer.type === 'failure') return false;
  const { effect, principal, action, resource, conditions, annotations } = answer.json;
  return (
    effect === 'permit' &&
    principal.op === 'All' &&
    action.op === '==' &&
    resource.op === 'All' &&
    conditions.length === 1 &&
    conditions[0]?.kind === 'when' &&
    Object.keys(annotations ?? {}).length === 0
  );
}

/** What is wrong with a `when:`; offsets count in `text`. */
export function checkWhen(
  cedar: Cedar,
  text: string,
): { readonly faults: readonly CedarFault[]; readonly warnings: readonly CedarFault[] } {
  const { faults, warnings } = validateText(cedar, before + text + after);
  const moved = (fault: CedarFault): CedarFault => {
    const offset = fault.offset - before.length;
    if (offset > text.length) return { message: 'the expression is not complete', offset: text.length };
    return { message: fault.message, offset: Math.max(0, offset) };
  };
  if (faults.length > 0) return { faults: faults.map(moved), warnings: [] };
  if (!isOneExpression(cedar, text)) {
    return { faults: [{ message: 'expected one expression and nothing after it', offset: 0 }], warnings: [] };
  }
  return { faults: [], warnings: warnings.map(moved) };
}

/** The clause to put behind the head of a policy. Only for a text that {@link checkWhen} passed. */
export function whenClause(text: string): string {
  return ` when {\n${text}${after}`;
}
