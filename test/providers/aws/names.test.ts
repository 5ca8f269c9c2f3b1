// Names of sessions: what AWS takes, and never the same for two principals or two leases.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denyPolicyName, sessionName, sourceIdentity, tagValue } from '../../../src/providers/aws/names.ts';

const lease = 'l0123456789abcde';
const taken = /^[\w+=,.@-]{2,64}$/;

describe('the names of a session', () => {
  it('leave an ordinary user name as it is', () => {
    expect(sourceIdentity('user:alice')).toBe('alice');
    expect(sessionName('user:alice', lease)).toBe(`alice+${lease}`);
  });

  it('are of the form that STS takes, and hold the whole lease, whoever asks', () => {
    const text = fc.string({ minLength: 1, maxLength: 256 });
    fc.assert(
      fc.property(fc.constantFrom('user:', 'job:', 'agent:'), text, (kind, name) => {
        expect(sourceIdentity(kind + name)).toMatch(taken);
        expect(sessionName(kind + name, lease)).toMatch(taken);
        expect(sessionName(kind + name, lease).endsWith(`+${lease}`)).toBe(true);
      }),
    );
  });

  it.each([
    ['job:github/acme/shop#42', 'job:github-acme-shop-42'],
    ['user:alice', 'agent:alice'],
    [`user:${'a'.repeat(100)}`, `user:${'a'.repeat(101)}`],
    ['user:a\\b', 'user:a-b'],
  ])('differ for %s and %s', (one, other) => {
    expect(sourceIdentity(one)).not.toBe(sourceIdentity(other));
  });

  it('refuse a lease that could not be found again', () => {
    expect(() => sessionName('user:alice', 'L/1')).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }));
  });

  it('give each broker a policy of its own', () => {
    expect(denyPolicyName('one')).not.toBe(denyPolicyName('two'));
    expect(denyPolicyName('one')).toMatch(/^[\w+=,.@-]{1,128}$/);
  });

  it('keep the characters that tags take', () => {
    expect(tagValue('OPS-7; drop*')).toBe('OPS-7- drop-');
  });
});
