import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPolicy } from '../../src/policy/decide.ts';
import { ask, load, policyOf } from './fixture.ts';

const rules = `
  - { name: leads, who: [group:leads], roles: ["*:*"], max_duration: 8h }
  - { name: admins, who: [everyone], roles: ["*:admin"], max_duration: 1h }
  - { name: europe, who: [everyone], roles: ["prod-db:write"], scopes: [eu], max_duration: 1h }
  - { name: from-ci, who: [everyone], roles: ["prod-db:*"], max_duration: 1h, when: context.ci }
  - { name: dev, who: [group:developers], roles: ["prod-db:write"], max_duration: 2h }
  - { name: last, who: [everyone], roles: ["prod-db:write"], max_duration: 1h }`;

test('tells for every entitlement in file order whether it matched, and why not', async () => {
  const { decision, considered } = (await policyOf(rules)).explain(ask({ role: 'write' }));
  expect(considered.map(({ entitlement, matched }) => [entitlement, matched])).toEqual([
    ['leads', false],
    ['admins', false],
    ['europe', false],
    ['from-ci', false],
    ['dev', true],
    ['last', true],
  ]);
  expect(considered.map(({ why }) => why)).toEqual([
    'it is not for "user:alice"',
    'it does not name the role "prod-db:write"',
    'it wants a scope to be named, one of eu',
    'its condition does not hold',
    'who, role, scope and condition match',
    'who, role, scope and condition match',
  ]);
  expect(decision).toMatchObject({ outcome: 'allowed', entitlement: 'dev' });
});

test('decides exactly as the policy does', async () => {
  const policy = await policyOf(rules);
  for (const principal of ['user:alice', 'user:carol', 'user:zoe']) {
    for (const role of ['read', 'write', 'none']) {
      for (const scope of [null, 'eu', 'us']) {
        const request = ask({ principal, role, scope });
        expect(policy.explain(request).decision).toEqual(policy.decide(request));
      }
    }
  }
});

test('Cedar and the explanation agree for any entitlement: no request meets the two in conflict', async () => {
  const name = fc.constantFrom('a', 'ab', 'b', 'ba', 'aab');
  const glob = fc.constantFrom('a', 'ab', '*', 'a*', '*b', 'a*b', '*a*', 'a**', 'b*a*b', 'aa*ab');
  const who = fc.constantFrom('everyone', 'user:a', 'user:b', 'group:one', 'group:two', 'job:a');
  const entitlement = fc.record({
    who: fc.uniqueArray(who, { minLength: 1, maxLength: 3 }),
    roles: fc.uniqueArray(
      fc.tuple(glob, glob).map((pair) => pair.join(':')),
      { minLength: 1, maxLength: 3 },
    ),
    scopes: fc.option(fc.constantFrom(['s'], ['s', 't'])),
    zone: fc.constantFrom('UTC', 'Asia/Tokyo'),
  });
  const request = fc.record({
    principal: fc.constantFrom('user:a', 'user:b', 'job:a', 'agent:a'),
    target: name,
    role: name,
    scope: fc.constantFrom(null, 's', 't'),
  });
  const names = ['a', 'ab', 'b', 'ba', 'aab'];
  const role = '{ rights: [], scopes: { s: { only: x }, t: { only: x } } }';
  const roles = `{ ${names.map((one) => `${one}: ${role}`).join(', ')} }`;
  const targets = names.map((one) => `  ${one}: { provider: box, host: h, roles: ${roles} }`).join('\n');
  const start = `version: 1\ntargets:\n${targets}\ngroups: { one: [user:a, group:two], two: [user:b] }\n`;
  const blank = load(
    `${start}entitlements:\n  - { name: x, who: [everyone], roles: ["*:*"], max_duration: 1h }\n`,
  );
  const [model] = blank.entitlements;
  if (!model) throw new Error('no entitlement to start from');
  await fc.assert(
    fc.asyncProperty(
      fc.array(entitlement, { minLength: 1, maxLength: 4 }),
      fc.array(request, { minLength: 5, maxLength: 20 }),
      async (list, requests) => {
        const entitlements = list.map(({ zone, ...rest }, n) => ({
          ...model,
          ...rest,
          name: `e${n}`,
          timezone: zone,
        }));
        const policy = await createPolicy({ ...blank, entitlements });
        for (const one of requests) {
          const { decision, considered } = policy.explain(ask(one));
          expect(considered).toHaveLength(entitlements.length);
          const first = considered.find(({ matched }) => matched)?.entitlement ?? null;
          expect(decision.entitlement).toBe(first);
          expect(decision.outcome).toBe(first === null ? 'denied' : 'allowed');
        }
      },
    ),
    { numRuns: 60 },
  );
});
