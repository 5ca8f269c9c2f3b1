// Reasons and tickets: which ticket a reason carries, and what an entitlement expects of both.

import type { PolicyRequest, ReasonRule } from './config.ts';
import { longestMatchedText, matchesPattern } from './pattern.ts';

/**
 * The ticket of a request: what was given as one, else the first word of the reason that the rule's ticket
 * pattern matches. Words end at blanks; brackets and punctuation around them do not count.
 */
export function ticketOf(rule: ReasonRule, request: Pick<PolicyRequest, 'reason' | 'ticket'>): string | null {
  if (request.ticket !== null) return request.ticket;
  const { reason } = request;
  const { ticket } = rule;
  if (ticket === null || reason === null || reason.length > longestMatchedText) return null;
  const words = reason
    .split(/\s+/)
    .slice(0, 50)
    .map((word) => word.replace(/^[([{<"'#]+|[)\]}>"',.;:!?]+$/g, ''));
  return words.find((word) => word !== '' && matchesPattern(ticket, word)) ?? null;
}

/** Sentences about what is missing or wrong; empty when the reason will do. */
export function reasonProblems(
  rule: ReasonRule,
  request: Pick<PolicyRequest, 'reason' | 'ticket'>,
): string[] {
  const problems: string[] = [];
  const reason = request.reason?.trim() ? request.reason : null;
  if ((reason?.length ?? 0) > longestMatchedText) {
    problems.push(`the reason is longer than ${longestMatchedText} characters`);
  } else if (reason === null && rule.required) {
    problems.push(
      rule.pattern === null
        ? 'a reason is required'
        : `a reason is required, one that matches ${rule.pattern}`,
    );
  } else if (reason !== null && rule.pattern !== null && !matchesPattern(rule.pattern, reason)) {
    problems.push(`the reason does not match ${rule.pattern}`);
  }
  if (rule.ticket !== null) {
    const ticket = ticketOf(rule, request);
    if (ticket === null) problems.push(`a ticket is required, one that matches ${rule.ticket}`);
    else if (!matchesPattern(rule.ticket, ticket)) problems.push(`the ticket does not match ${rule.ticket}`);
  }
  return problems;
}
