// Session policies: what is sent, how long it may be, and what never gets into one.

import { describe, expect, it } from 'vitest';
import { longestSessionPolicy, timeBoxLength } from '../../../src/providers/aws/policy-limits.ts';
import { sessionPolicy, timeBox } from '../../../src/providers/aws/session-policy.ts';
import type { PlanRequest } from '../../../src/providers/provider.ts';

const deadline = Date.UTC(2026, 10, 22, 14, 5, 7) + 900;
const request = (ticket: string | null = null): PlanRequest => ({
  lease: 'l0123456789abcde',
  grant: 'g1',
  principal: 'user:alice',
  reason: null,
  ticket,
  role: 'deploy',
  scope: null,
  now: deadline - 60_000,
  deadline,
});
const onTicket = [
  { Effect: 'Allow' as const, Action: 's3:*', Resource: 'arn:aws:s3:::b/$' + '{jit.ticket}/*' },
];

describe('the session policy', () => {
  it('ends at the deadline and not a moment later', () => {
    const { Statement } = JSON.parse(sessionPolicy({}, request(), deadline).inline);
    expect(Statement).toEqual([
      { Effect: 'Allow', Action: '*', Resource: '*' },
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': '2026-11-22T14:05:07Z' } },
      },
    ]);
  });

  it('counts the time box as long as it is', () => {
    expect(`,${JSON.stringify(timeBox(deadline))}`).toHaveLength(timeBoxLength);
  });

  it('adds no Allow of its own beside managed policies', () => {
    const managed_policies = ['arn:aws:iam::aws:policy/ReadOnlyAccess'];
    const { inline, managed } = sessionPolicy({ managed_policies }, request(), deadline);
    expect(JSON.parse(inline).Statement).toHaveLength(1);
    expect(managed).toEqual(managed_policies);
  });

  it('names the limit and the size of what is too long', () => {
    const statements = [
      { Effect: 'Allow' as const, Action: 's3:*', Resource: 'x'.repeat(longestSessionPolicy) },
    ];
    expect(() => sessionPolicy({ statements }, request(), deadline)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG',
        message: expect.stringMatching(/has 2\d{3} characters; AWS takes 2048/),
      }),
    );
  });

  it('fills in what the request says, and leaves variables of IAM alone', () => {
    expect(sessionPolicy({ statements: onTicket }, request('OPS-7'), deadline).inline).toContain('b/OPS-7/*');
    const own = [{ Effect: 'Allow' as const, Action: 's3:*', Resource: 'b/$' + '{aws:username}' }];
    expect(sessionPolicy({ statements: own }, request(), deadline).inline).toContain(
      'b/$' + '{aws:username}',
    );
  });

  it.each([null, '*', 'a?', '$' + '{aws:username}', 'a"b', ''])(
    'refuses the ticket %j, which could widen it',
    (ticket) => {
      expect(() => sessionPolicy({ statements: onTicket }, request(ticket), deadline)).toThrow(
        expect.objectContaining({ code: 'ERR_USAGE' }),
      );
    },
  );
});
