import { describe, expect, it } from 'vitest';
import { JitError } from '../../../src/core/errors.ts';
import type { ExplainReply, ExplainRequest, Offline } from '../../../src/protocol/offline.ts';
import { jit } from '../harness.ts';

const explained: ExplainReply = {
  principal: 'user:ada',
  target: 'prod-db',
  role: 'write',
  scope: null,
  outcome: 'denied',
  duration: null,
  entitlement: 'writers',
  reasons: ['2h is longer than the 1h that "writers" allows'],
  hint: 'jit elevate prod-db:write --for 1h',
  limit: { value: 3_600_000, from: 'entitlement' },
  considered: [
    { entitlement: 'readers', matched: false, why: 'has no role prod-db:write' },
    { entitlement: 'writers', matched: true, why: 'matches prod-db:write' },
  ],
  preview: [],
};

describe('jit policy check', () => {
  it('tells what is in a valid configuration, without a broker', async () => {
    const asked: (string | null)[] = [];
    const policyCheck: Offline['policyCheck'] = async (config) => {
      asked.push(config);
      return {
        path: '/etc/jit.yaml',
        targets: 1,
        entitlements: 2,
        warnings: ['nobody may use "prod-db:admin"'],
      };
    };
    const ran = await jit(['policy', 'check', '--config', 'x.yaml'], { offline: { policyCheck } });
    expect(ran.stdout).toBe('/etc/jit.yaml: valid, 1 target, 2 entitlements\n');
    expect(ran.stderr).toContain('jit: warning: nobody may use "prod-db:admin"');
    expect([asked, ran.connects]).toEqual([['x.yaml'], []]);
  });

  it('ends with 2 when it is not valid', async () => {
    const policyCheck = async () => {
      throw new JitError('ERR_CONFIG', 'jit.yaml:3:5: unknown key "tragets"', {
        hint: 'correct the file, then run jit policy check',
      });
    };
    const other = await jit(['policy', 'check', '--config', 'my jit.yaml'], { offline: { policyCheck } });
    expect(other.stderr).toContain('then run jit policy check --config "my jit.yaml"');
    const ran = await jit(['policy', 'check'], { offline: { policyCheck } });
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain('jit.yaml:3:5');
  });
});

describe('jit policy explain', () => {
  it('hands the wish over and shows rule, limit and reasons', async () => {
    const asked: ExplainRequest[] = [];
    const policyExplain: Offline['policyExplain'] = async (_config, request) => {
      asked.push(request);
      return explained;
    };
    const argv = [
      'policy',
      'explain',
      'prod-db:write',
      '--for',
      '2h',
      '--as',
      'user:bob',
      '--at',
      '2026-11-22T22:00Z',
    ];
    const ran = await jit(argv, { offline: { policyExplain } });
    expect(asked).toEqual([
      {
        principal: 'user:bob',
        target: 'prod-db',
        role: 'write',
        scope: null,
        duration: 7_200_000,
        reason: null,
        ticket: null,
        interactive: false,
        ci: false,
        at: Date.UTC(2026, 10, 22, 22),
      },
    ]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('denied: prod-db:write as user:ada\n');
    expect(ran.stdout).toContain('longest: 1h, set by the entitlement');
    expect(ran.stdout).toContain('match  writers: matches prod-db:write');
    expect(ran.stdout).toContain('no     readers: has no role prod-db:write');
    expect(ran.stderr).toBe('jit: hint: jit elevate prod-db:write --for 1h\n');
  });

  it('does not hint at itself', async () => {
    const policyExplain = async () => ({ ...explained, hint: 'jit policy explain prod-db:write' });
    const ran = await jit(['policy', 'explain', 'prod-db'], { offline: { policyExplain } });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  it('tells what would be allowed, and for how long', async () => {
    const policyExplain = async () =>
      ({
        ...explained,
        outcome: 'allowed',
        duration: 1_800_000,
        hint: null,
        preview: ['member of x'],
      }) as const;
    const ran = await jit(['policy', 'explain', 'prod-db'], { offline: { policyExplain } });
    expect(ran.stdout).toContain('allowed: prod-db:write as user:ada for 30m');
    expect(ran.stdout).toContain('Would be granted:\n  member of x');
    expect(ran.stderr).toBe('');
  });
});

describe('jit policy test', () => {
  const policyTest = (passed: boolean) => async () => ({
    path: 'cases.yaml',
    cases: [
      { name: 'ada reads', expected: 'allowed', actual: 'allowed', passed: true, why: '' },
      {
        name: 'bob writes',
        expected: 'denied',
        actual: passed ? 'denied' : 'allowed',
        passed,
        why: 'by "writers"',
      },
    ],
  });

  it('ends with 0 when every case is decided as expected', async () => {
    const ran = await jit(['policy', 'test', 'cases.yaml'], { offline: { policyTest: policyTest(true) } });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('2 of 2 as expected');
  });

  it('ends with 1 and tells the difference when one is not', async () => {
    const ran = await jit(['policy', 'test', 'cases.yaml'], { offline: { policyTest: policyTest(false) } });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('FAILED  bob writes\n        expected denied, got allowed: by "writers"');
    expect(ran.stdout).toContain('1 of 2 as expected');
  });
});

describe('hints of the policy commands after --config', () => {
  const refusing = (hint: string) => async () => {
    throw new JitError('ERR_CONFIG', 'jit.yaml:3:5: unknown key', { hint });
  };

  it.each([
    [
      'explain',
      'correct the file, then run jit policy check',
      'then run jit policy check --config my.yaml\n',
    ],
    ['explain', 'jit targets', 'hint: jit targets --config my.yaml\n'],
    ['test', 'correct the file, then run jit policy check', 'then run jit policy check --config my.yaml\n'],
    ['test', 'then run jit policy test cases.yaml', 'run jit policy test --config my.yaml cases.yaml\n'],
    ['test', 'did you mean "x"?', 'hint: did you mean "x"?\n'],
  ])('of policy %s name the same file: %s', async (name, hint, shown) => {
    const offline = { policyExplain: refusing(hint), policyTest: refusing(hint) };
    const ran = await jit(['policy', name, 'x', '--config', 'my.yaml'], { offline });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(shown);
    const without = await jit(['policy', name, 'x'], { offline });
    expect(without.stderr).toContain(`${hint}\n`);
  });
});

describe('did you mean', () => {
  it.each([
    [['polcy', 'check'], 'policy'],
    [['policy', 'chekc'], 'jit policy check'],
    [['elvate', 'x'], 'jit elevate'],
    [['elevate', 'x', '--resaon', 'y'], '--reason'],
    [['elevate', 'x', '--export', 'urll'], '--export url'],
    [['--plian'], '--plain'],
    [['help', 'scriptin'], 'jit help scripting'],
    [['completion', 'bsh'], 'jit completion bash'],
  ])('is asked for %j', async (argv, meant) => {
    const ran = await jit(argv);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(new RegExp(`did you mean: .*${meant}`));
  });
});
