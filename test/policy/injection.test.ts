// Nothing that a config or a request says can become policy: names, patterns, conditions, reasons.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasCode } from '../../src/core/errors.ts';
import { loadCedar } from '../../src/policy/cedar.ts';
import type { Config, Entitlement } from '../../src/policy/config.ts';
import { createPolicy } from '../../src/policy/decide.ts';
import { entitlementPolicy } from '../../src/policy/entitlement-policy.ts';
import { checkWhen } from '../../src/policy/when.ts';
import { ask, base, load } from './fixture.ts';

const config = load(
  `${base}entitlements:\n  - { name: dev, who: [user:bob], roles: ["prod-db:read"], max_duration: 1h }\n`,
);
const [rule] = config.entitlements as [Entitlement];
const withRule = (changes: Partial<Entitlement>): Config => ({
  ...config,
  entitlements: [{ ...rule, ...changes }],
});

const pieces = fc.constantFrom(
  '}',
  '{',
  ';',
  ')',
  '(',
  'true',
  'when',
  'unless',
  'permit(principal, action, resource)',
  '||',
  '&&',
  '"',
  '\\',
  '//',
  '\n',
  '@id("x")',
  'false',
  '!',
  'context.ci',
  '/*',
  '*/',
  ' ',
  ',',
  '::',
  "'",
);
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(pieces, { maxLength: 12 }).map((all) => all.join(' ')),
);

describe('a condition', () => {
  test.each([
    'true }; permit(principal, action, resource) when { true',
    'false }; @id("x") permit(principal, action, resource); permit(principal, action, resource) when { true',
    'true } when { true',
    'false } unless { false',
    'true // }',
    '"}" == "}" && true }; permit(principal, action, resource);//',
  ])('%j grants nothing to whom the entitlement does not name', async (when) => {
    try {
      const policy = await createPolicy(withRule({ when }));
      expect(policy.decide(ask({ principal: 'user:mallory' })).outcome).toBe('denied');
    } catch (thrown) {
      expect(hasCode(thrown, 'ERR_CONFIG')).toBe(true);
    }
  });

  test('of any text is either refused or leaves one permit with its own conditions before it', async () => {
    const cedar = await loadCedar();
    let taken = 0;
    fc.assert(
      fc.property(hostile, (when) => {
        if (checkWhen(cedar, when).faults.length > 0) return;
        taken += 1;
        const text = entitlementPolicy(cedar, { ...rule, when });
        const parts = cedar.policySetTextToParts(text);
        const read = cedar.policyToJson(text);
        if (parts.type === 'failure' || read.type === 'failure') throw new Error('not readable');
        expect([parts.policies.length, parts.policy_templates.length]).toEqual([1, 0]);
        expect(read.json.effect).toBe('permit');
        expect(read.json.conditions.map(({ kind }) => kind)).toEqual(['when', 'when', 'when']);
        expect(JSON.stringify(read.json.conditions[0])).toContain('"id":"bob"');
      }),
      { numRuns: 2000, examples: [['true'], ['context.ci'], ['"}" == "{"'], ['true // x']] },
    );
    expect(taken).toBeGreaterThan(3);
  });
});

describe('a name', () => {
  test('of any text in an entitlement matches only itself', async () => {
    const cedar = await loadCedar();
    fc.assert(
      fc.property(hostile, hostile, (name, role) => {
        const text = entitlementPolicy(cedar, { ...rule, name, roles: [`prod-db:${role}`], scopes: [name] });
        const read = cedar.policyToJson(text);
        if (read.type === 'failure') throw new Error('not readable');
        expect(read.json.conditions).toHaveLength(3);
        expect(read.json.effect).toBe('permit');
      }),
      { numRuns: 500 },
    );
  });

  test('in the JSON form of Cedar reaches it as a value', async () => {
    const policy = await createPolicy(withRule({ roles: ['prod-db:x") || true || ("'] }));
    expect(policy.decide(ask({ principal: 'user:bob' })).outcome).toBe('denied');
  });
});

test('a request of any text is answered, and allowed only for what the entitlement names', async () => {
  const policy = await createPolicy(withRule({ when: 'context.reason != "never"' }));
  const text = fc.oneof(
    hostile,
    fc.constantFrom('user:bob', 'user:alice', 'prod-db', 'read', 'write', '*', 'eu'),
  );
  const maybe = fc.option(text);
  fc.assert(
    fc.property(
      text,
      text,
      text,
      maybe,
      maybe,
      maybe,
      fc.double(),
      (principal, target, role, scope, reason, ticket, now) => {
        const decision = policy.decide(ask({ principal, target, role, scope, reason, ticket, now }));
        if (decision.outcome === 'denied') return;
        expect([principal, target, role]).toEqual(['user:bob', 'prod-db', 'read']);
      },
    ),
    { numRuns: 1000, examples: [['user:bob', 'prod-db', 'read', null, '\ud800', null, 8.64e15]] },
  );
  expect(policy.decide(ask({ principal: 'user:bob', reason: '\ud800"}; permit' })).outcome).toBe('allowed');
});
