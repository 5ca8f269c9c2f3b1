import { expect, test } from 'vitest';
import { hasCode } from '../../src/core/errors.ts';
import { runCases } from '../../src/policy/cases.ts';
import { policyOf, tuesdayTen } from './fixture.ts';

const rules = `
  - { name: office, who: [group:developers], roles: ["prod-db:read"], max_duration: 1h, when: context.hour >= 8 && context.hour < 18 }
  - { name: asked, who: [everyone], roles: ["prod-db:write"], max_duration: 2h, reason: { required: true }, approvals: { count: 1, from: [group:leads] } }`;
const run = async (text: string) => runCases(await policyOf(rules), { path: 'cases.yaml', text }, tuesdayTen);

test('each case is decided and compared with what was expected', async () => {
  const rows = await run(`cases:
  - { name: by day, principal: user:alice, request: "prod-db:read", at: 2026-01-06T09:00:00Z, expect: allowed, entitlement: office }
  - { name: by night, principal: user:alice, request: "prod-db:read", at: "2026-01-06T23:00:00+01:00", expect: denied }
  - { name: now, principal: user:alice, request: "prod-db:read", for: 1h, expect: allowed }
  - { name: too long, principal: user:alice, request: "prod-db:read", for: 2h, expect: allowed }
  - { name: approval, principal: user:zoe, request: "prod-db:write", reason: x, scope: eu, expect: needs approval }
  - { name: other rule, principal: user:alice, request: "prod-db:read", expect: allowed, entitlement: asked }
`);
  expect(rows.map(({ name, passed }) => [name, passed])).toEqual([
    ['by day', true],
    ['by night', true],
    ['now', true],
    ['too long', false],
    ['approval', true],
    ['other rule', false],
  ]);
  expect(rows[3]).toEqual({
    name: 'too long',
    expected: 'allowed',
    actual: 'denied by office',
    passed: false,
    why: '2h is longer than the 1h that entitlement "office" allows',
  });
  expect(rows[5]).toMatchObject({ expected: 'allowed by asked', actual: 'allowed for 30m by office' });
});

test.each([
  ['cases: []', '1:8', 'at least one'],
  [
    'cases:\n  - { name: a, principal: alice, request: "prod-db:read", expect: allowed }',
    '2:27',
    'user:<name>',
  ],
  [
    'cases:\n  - { name: a, principal: user:a, request: "prod-db:*", expect: allowed }',
    '2:44',
    '<target>:<role>',
  ],
  [
    'cases:\n  - { name: a, principal: user:a, request: "a:b", expect: alowed }',
    '2:59',
    'did you mean "allowed"?',
  ],
  [
    'cases:\n  - { name: a, principal: user:a, request: "a:b", expect: denied, at: yesterday }',
    '2:71',
    'with a zone',
  ],
  [
    'cases:\n  - { name: a, principal: user:a, request: "a:b", expect: denied, form: 1h }',
    '2:67',
    'did you mean "for"?',
  ],
])('%j is refused, naming the place', async (text, place, message) => {
  await expect(run(text)).rejects.toSatisfy(
    (thrown) =>
      hasCode(thrown, 'ERR_CONFIG') &&
      thrown.message.includes(`cases.yaml:${place}: `) &&
      thrown.message.includes(message),
  );
});
