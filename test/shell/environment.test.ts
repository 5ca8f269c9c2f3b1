import { expect, test } from 'vitest';
import { childEnvironment } from '../../src/shell/environment.ts';

const grant = { id: 'g2', target: 'prod-db', role: 'write', deadline: 1_795_348_612_900 };
const common = { grant, stateFile: '/run/jit/prompt', unset: ['PGPASSWORD', 'PGUSER'] };

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
    JIT_GRANT_EXP: '1795348612',
    JIT_GRANT_STATE: 'active',
    JIT_STATE_FILE: '/run/jit/prompt',
    JIT_VARS: 'PGUSER',
  });
});

test('what was meant for the outer shell only does not reach the child', () => {
  const baseEnv = { JIT_READY: '/r', JIT_PARENT: '1', JIT_NOW: '2', JIT_PROMPT: 'x', JIT_USER_ZDOTDIR: '/z' };
  const child = childEnvironment({ ...common, baseEnv, env: {} });
  for (const name of Object.keys(baseEnv)) expect(child).not.toHaveProperty(name);
});

const inside = {
  JIT_GRANT_ID: 'g1',
  JIT_TARGET: 'aws-prod',
  JIT_GRANT_STATE: 'active',
  JIT_STACK: 'g0=edge',
  JIT_VARS: 'AWS_PROFILE PGUSER bad;name',
};

test('inside another grant the stack names the outer ones, and their variables go with the inner grant', () => {
  const child = childEnvironment({ ...common, baseEnv: inside, env: { PGUSER: 'jit_l1' } });
  expect(child['JIT_STACK']).toBe('g0=edge g1=aws-prod');
  expect(child['JIT_VARS']).toBe('PGUSER AWS_PROFILE');
});

test('a grant that has ended is not part of the stack', () => {
  const baseEnv = { ...inside, JIT_GRANT_STATE: 'ended', JIT_STACK: undefined };
  const child = childEnvironment({ ...common, baseEnv, env: {} });
  expect(child).not.toHaveProperty('JIT_STACK');
  expect(child['JIT_VARS']).toBe('');
});

test('a name that no shell could remove again is refused', () => {
  expect(() => childEnvironment({ ...common, baseEnv: {}, env: { 'A;B': '1' } })).toThrow(
    expect.objectContaining({ code: 'ERR_CHILD_SETUP' }),
  );
});
