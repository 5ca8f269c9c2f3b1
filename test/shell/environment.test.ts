import { expect, test } from 'vitest';
import { childEnvironment, secondCopy } from '../../src/shell/environment.ts';

const grant = {
  id: 'g2',
  target: 'prod-db',
  role: 'write',
  risk: 'high',
  deadline: 1_795_348_612_900,
} as const;
const common = {
  grant,
  stateFile: '/run/jit/prompt',
  unset: ['PGPASSWORD', 'PGUSER'],
  secrets: [],
  extension: null,
  terms: { warn: [300_000, 60_900], notify: ['terminal', 'bell'] },
} as const;

test('the child has the variables of the user, without those that would win, and those handed out', () => {
  const child = childEnvironment({
    ...common,
    baseEnv: { HOME: '/home/ann', PGPASSWORD: 'mine', PGUSER: 'ann', EMPTY: undefined },
    env: { PGUSER: 'jit_l1' },
  });
  expect(child).toEqual({
    HOME: '/home/ann',
    PGUSER: 'jit_l1',
    JIT_GRANT_ID: 'g2',
    JIT_TARGET: 'prod-db',
    JIT_ROLE: 'write',
    JIT_RISK: 'high',
    JIT_WARN: '300 60',
    JIT_NOTIFY: 'terminal bell',
    JIT_GRANT_EXP: '1795348612',
    JIT_GRANT_STATE: 'active',
    JIT_STATE_FILE: '/run/jit/prompt',
    JIT_VARS: 'PGUSER',
    JIT_DROP: '',
  });
});

test('what was meant for the outer shell only does not reach the child', () => {
  const baseEnv = {
    JIT_READY: '/r',
    JIT_PARENT: '1',
    JIT_NOW: '2',
    JIT_PROMPT: 'x',
    JIT_USER_ZDOTDIR: '/z',
    JIT_EXTEND: '15m',
    JIT_GIVEN: 'PGHOST',
    JIT_GIVEN_PGHOST: 'secret',
    JIT_GIVEN_lower: 'secret',
    JIT_TAKEN: 'PGUSER',
  };
  const child = childEnvironment({ ...common, baseEnv, env: {} });
  for (const name of Object.keys(baseEnv)) expect(child).not.toHaveProperty(name);
});

const inside = {
  JIT_GRANT_ID: 'g1',
  JIT_TARGET: 'aws-prod',
  JIT_GRANT_STATE: 'active',
  JIT_STACK: 'g0=edge',
  JIT_VARS: 'AWS_REGION AWS_SESSION_TOKEN PGUSER bad;name',
  JIT_DROP: 'AWS_SESSION_TOKEN bad;name',
};

test('inside another grant the stack names the outer ones, and their secrets go with the inner grant', () => {
  const env = { PGUSER: 'jit_l1', DATABASE_URL: 'postgres://' };
  const child = childEnvironment({ ...common, baseEnv: inside, env, secrets: ['DATABASE_URL'] });
  expect(child['JIT_STACK']).toBe('g0=edge g1=aws-prod');
  expect(child['JIT_VARS']).toBe('PGUSER DATABASE_URL AWS_REGION AWS_SESSION_TOKEN');
  expect(child['JIT_DROP']).toBe('DATABASE_URL AWS_SESSION_TOKEN');
});

test('what goes at the end is secret, or looks to other prompts like a session that goes on; the rest stays', () => {
  const env = {
    AWS_REGION: 'eu-west-1',
    AWS_CONFIG_FILE: '/run/c',
    AWS_VAULT: 'aws-prod',
    AWS_SESSION_TOKEN: 't',
  };
  const child = childEnvironment({
    ...common,
    baseEnv: {},
    env,
    secrets: ['AWS_SESSION_TOKEN'],
    extension: '15m',
  });
  expect(child).toMatchObject({ JIT_DROP: 'AWS_SESSION_TOKEN AWS_VAULT', JIT_EXTEND: '15m' });
});

test('a grant that has ended is not part of the stack, but what is left of it is known', () => {
  const baseEnv = { ...inside, JIT_GRANT_STATE: 'ended', JIT_STACK: undefined };
  const child = childEnvironment({ ...common, baseEnv, env: {} });
  expect(child).not.toHaveProperty('JIT_STACK');
  expect(child['JIT_VARS']).toBe('AWS_REGION AWS_SESSION_TOKEN PGUSER');
});

test('a name that no shell could remove again is refused', () => {
  expect(() => childEnvironment({ ...common, baseEnv: {}, env: { 'A;B': '1' } })).toThrow(
    expect.objectContaining({ code: 'ERR_CHILD_SETUP' }),
  );
});

test('the second copy has what is handed out, and names what must not be set', () => {
  const baseEnv = { PGHOST: 'mine', GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'a.b', GIT_CONFIG_VALUE_0: 'c' };
  const git = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'd.e', GIT_CONFIG_VALUE_0: 'f' };
  const env = { PGUSER: 'jit_l1', ...git };
  const copy = secondCopy({ baseEnv, env, unset: ['PGPASSWORD', 'PGUSER', 'A;B'] });
  expect(copy).toMatchObject({ JIT_GIVEN_PGUSER: 'jit_l1', JIT_TAKEN: 'PGPASSWORD' });
  // As in the environment itself: after what the user has.
  const child = childEnvironment({ ...common, baseEnv, env });
  const names = copy['JIT_GIVEN']?.split(' ') ?? [];
  expect(names).toContain('GIT_CONFIG_VALUE_1');
  for (const name of names) expect(copy[`JIT_GIVEN_${name}`]).toBe(child[name]);
  expect(Object.keys(copy)).toHaveLength(names.length + 2);
});
