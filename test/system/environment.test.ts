import { describe, expect, it } from 'vitest';
import { brokerEnvironment, commandEnvironment, isSteeringVariable } from '../../src/system/environment.ts';

describe('brokerEnvironment', () => {
  it('passes what is on the list and what the config names, nothing else', () => {
    const env = {
      PATH: '/bin',
      HOME: '/home/ada',
      XDG_RUNTIME_DIR: '/run/user/7',
      JIT_CONFIG: '/c.yaml',
      PROD_PASSWORD: 'p',
      OTHER_PASSWORD: 'o',
      AWS_SECRET_ACCESS_KEY: 's',
      UNSET: undefined,
    };
    expect(brokerEnvironment(env, ['PROD_PASSWORD', 'UNSET', 'NEVER_SET'])).toEqual({
      PATH: '/bin',
      HOME: '/home/ada',
      XDG_RUNTIME_DIR: '/run/user/7',
      JIT_CONFIG: '/c.yaml',
      PROD_PASSWORD: 'p',
    });
  });

  it.each([
    'NODE_OPTIONS',
    'NODE_TLS_REJECT_UNAUTHORIZED',
    'LD_PRELOAD',
    'DYLD_INSERT_LIBRARIES',
    'PGPASSWORD',
    'PGSSLMODE',
    'SSLKEYLOGFILE',
    'SSL_CERT_FILE',
    'BASH_ENV',
    'AWS_ENDPOINT_URL_STS',
    'JIT_FAILPOINT',
  ])('never passes %s, not even when the config names it', (name) => {
    expect(brokerEnvironment({ [name]: 'x' }, [name])).toEqual({});
    expect(isSteeringVariable(name)).toBe(true);
  });

  it('gives programs that print secrets neither the other secrets nor the config', () => {
    const env = { PATH: '/bin', PROD_PASSWORD: 'p', JIT_CONFIG: '/c.yaml', USER: 'ada' };
    expect(commandEnvironment(env)).toEqual({ PATH: '/bin', USER: 'ada' });
  });
});
