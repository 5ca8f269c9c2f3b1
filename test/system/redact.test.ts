import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { createRedactor } from '../../src/system/redact.ts';

describe('createRedactor', () => {
  it('cuts out a known secret, whatever it is and wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: 'binary' }), fc.string(), (value, around) => {
        fc.pre(!'[secret]'.includes(value) && !around.includes(value));
        const redactor = createRedactor();
        redactor.add(new Secret(value));
        const clean = redactor.redact(
          `${around}\u0001${value}\u0001${JSON.stringify({ value })}\u0001${around}`,
        );
        return !clean.includes(`\u0001${value}\u0001`) && !clean.includes(JSON.stringify(value));
      }),
      { numRuns: 50 },
    );
  });

  it('cuts out the forms that a secret takes in URLs, SQL and base64', () => {
    const value = "p@ss w/'ord?";
    const redactor = createRedactor();
    redactor.add(new Secret(value));
    const base64 = Buffer.from(value).toString('base64');
    const text = `a=${encodeURIComponent(value)} b='${value.replace("'", "''")}' c ${base64}`;
    const clean = redactor.redact(text);
    expect(clean).not.toMatch(/ss|w%2F|ord/);
    expect(clean).not.toContain(base64.replace(/=+$/, ''));
  });

  it.each([
    'postgres://broker:hunter2-value@db.example:5432/app',
    'token: ghs_abc.DEF-1234567890',
    'ghs_16C7e42F292c6912E7710c838347Ae178B4a',
    'ASIAQ3EGRHUNTER2VALU',
    'Authorization: Bearer hunter2-value',
    'password=hunter2-value',
    '{"password":"hunter2-value"}',
    'eyJhbGciOiJI.eyJodW50ZXIyLXZhbHVl.c2ln',
    '-----BEGIN PRIVATE KEY-----\nhunter2-value\n-----END PRIVATE KEY-----',
    "PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$hunter2-value:x'",
  ])('cuts out what looks like a credential: %s', (text) => {
    const clean = createRedactor().redact(text);
    expect(clean).toContain('[secret]');
    expect(clean).not.toMatch(/hunter2-value|16C7e42F|DEF-1234|HUNTER2VALU|eyJodW50/);
  });

  it('leaves ordinary sentences alone', () => {
    for (const text of [
      'password authentication failed for user "jit_broker"',
      'cannot reach postgres://db.example:5432/app',
      'lease l4k2 is overdue after 3 attempts',
    ]) {
      expect(createRedactor().redact(text)).toBe(text);
    }
  });

  it('forgets the oldest secret first, and a value seen again is not old', () => {
    const redactor = createRedactor(2);
    for (const value of ['first-value', 'second-value', 'first-value', 'third-value']) {
      redactor.add(new Secret(value));
    }
    expect(redactor.redact('first-value second-value third-value')).toBe('[secret] second-value [secret]');
  });

  it('does not cut words to pieces for a secret of three characters', () => {
    const redactor = createRedactor();
    redactor.add(new Secret('the'));
    expect(redactor.redact('the other')).toBe('the other');
  });
});
