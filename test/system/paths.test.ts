import { describe, expect, it } from 'vitest';
import { resolvePaths } from '../../src/system/paths.ts';

/** Homes of these tests are names only. */
const home = ({ HOME = '' }: NodeJS.ProcessEnv): string => HOME;
const linux = { platform: 'linux', cwd: '/srv', home } as const;

describe('resolvePaths', () => {
  it('follows the XDG variables', () => {
    const env = {
      HOME: '/home/ada',
      XDG_RUNTIME_DIR: '/run/user/7',
      XDG_STATE_HOME: '/state',
      XDG_CONFIG_HOME: '/etc/ada',
    };
    expect(resolvePaths(env, linux)).toMatchObject({
      configFile: '/etc/ada/jit/jit.yaml',
      configDir: '/etc/ada/jit',
      stateDir: '/state/jit',
      runDir: '/run/user/7/jit',
      socket: '/run/user/7/jit/broker.sock',
      database: '/state/jit/jit.db',
      names: '/state/jit/names',
      promptState: '/run/user/7/jit/prompt',
      grantsDir: '/run/user/7/jit/grants',
    });
  });

  it('names a place in one way, however the variable spells it', () => {
    const plain = { HOME: '/home/ada', XDG_RUNTIME_DIR: '/run/7', XDG_STATE_HOME: '/state' };
    const odd = { HOME: '/home//ada/', XDG_RUNTIME_DIR: '/run/./7', XDG_STATE_HOME: '/var/../state/' };
    expect(resolvePaths(odd, linux)).toEqual(resolvePaths(plain, linux));
    const config = (given: string) => resolvePaths(plain, { ...linux, config: given }).configFile;
    expect(config('/etc/jit/../x//jit.yaml')).toBe('/etc/x/jit.yaml');
    expect(config('/etc/.jit/..jit.yaml')).toBe('/etc/.jit/..jit.yaml');
    expect(config('../jit.yaml')).toBe('/jit.yaml');
  });

  it('falls back to folders under HOME', () => {
    expect(resolvePaths({ HOME: '/home/ada' }, linux)).toMatchObject({
      configFile: '/home/ada/.config/jit/jit.yaml',
      stateDir: '/home/ada/.local/state/jit',
      runDir: '/home/ada/.local/state/jit/run',
    });
    expect(resolvePaths({ HOME: '/Users/ada' }, { platform: 'darwin', home }).runDir).toBe(
      '/Users/ada/Library/Application Support/jit/run',
    );
  });

  it('ignores relative and empty XDG values', () => {
    const env = { HOME: '/home/ada', XDG_RUNTIME_DIR: 'run', XDG_STATE_HOME: '', XDG_CONFIG_HOME: './c' };
    expect(resolvePaths(env, linux)).toEqual(resolvePaths({ HOME: '/home/ada' }, linux));
  });

  it('takes the config from the flag, then from JIT_CONFIG, both as absolute paths', () => {
    const env = { HOME: '/home/ada', JIT_CONFIG: 'team.yaml' };
    expect(resolvePaths(env, linux).configFile).toBe('/srv/team.yaml');
    expect(resolvePaths(env, { ...linux, config: '../mine.yaml' })).toMatchObject({
      configFile: '/mine.yaml',
      configDir: '/',
    });
    expect(resolvePaths({ HOME: '/h', JIT_CONFIG: '' }, linux).configFile).toBe('/h/.config/jit/jit.yaml');
  });

  it('refuses a socket path of more than 103 bytes, counted in bytes', () => {
    const withLength = (bytes: number) =>
      `/${'é'.repeat(20)}${'x'.repeat(bytes - 41 - '/jit/broker.sock'.length)}`;
    expect(
      Buffer.byteLength(resolvePaths({ HOME: '/h', XDG_RUNTIME_DIR: withLength(103) }, linux).socket),
    ).toBe(103);
    expect(() => resolvePaths({ HOME: '/h', XDG_RUNTIME_DIR: withLength(104) }, linux)).toThrow(
      expect.objectContaining({ code: 'ERR_UNSAFE_PATH', hint: expect.stringContaining('XDG_RUNTIME_DIR') }),
    );
  });
});
