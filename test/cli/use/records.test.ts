import { describe, expect, it } from 'vitest';
import { recordsOf } from '../../../src/cli/use/records.ts';
import { usualShellTerms } from '../../../src/core/shell-terms.ts';

type Options = Parameters<typeof recordsOf>[0];

const records = (changes: Partial<Options> = {}): string[] =>
  recordsOf({
    baseEnv: { PATH: '/bin', PGHOST: 'mine', JIT_PROMPT: 'x', JIT_ID_TOKEN: 'x' },
    env: { PGHOST: 'db' },
    unset: ['PGPASSWORD'],
    secrets: [],
    extension: null,
    grant: { id: 'g1', target: 'prod-db', role: 'read', risk: 'low', deadline: 1_800_000_000_000 },
    terms: usualShellTerms,
    stateFile: '/run/jit/prompt',
    shellPid: 4711,
    ...changes,
  }).split('\n');

describe('records', () => {
  it('name what a subshell would have, and nothing that is only of the shell', () => {
    const lines = records();
    expect(lines[0]).toBe('drop');
    expect(lines).toContain('unset PGPASSWORD');
    expect(lines).toContain('set PGHOST=db');
    expect(lines).toContain('set JIT_GRANT_ID=g1');
    expect(lines).toContain('set JIT_GRANT_STATE=active');
    expect(lines).toContain('set JIT_USE=1');
    expect(lines).toContain('set JIT_USE_PID=4711');
    expect(lines.join('\n')).not.toMatch(/PATH|JIT_PROMPT|JIT_ID_TOKEN/);
  });

  it('set what already is so, because the shell may change before it reads them', () => {
    expect(records({ baseEnv: { PGHOST: 'db' } })).toContain('set PGHOST=db');
  });

  it('append to the configuration of git that the user has', () => {
    const baseEnv = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'a.b', GIT_CONFIG_VALUE_0: 'c' };
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'd.e', GIT_CONFIG_VALUE_0: 'f' };
    const lines = records({ baseEnv, env });
    expect(lines).toContain('set GIT_CONFIG_COUNT=2');
    expect(lines).toContain('set GIT_CONFIG_KEY_1=d.e');
  });

  it.each([
    'PATH',
    'LD_PRELOAD',
    'BASH_ENV',
    'PROMPT_COMMAND',
    'PS1',
    'GIT_SSH_COMMAND',
    'NODE_OPTIONS',
    'lower',
    '_X',
  ])('never set %s', (name) => {
    expect(() => records({ env: { [name]: 'x' } })).toThrow(
      expect.objectContaining({ code: 'ERR_UNSUPPORTED' }),
    );
    expect(() => records({ unset: [name] })).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }));
  });

  it.each(['a\nset PATH=/evil', 'a\0b', '\ud800'])('carry no value that is not one line: %j', (value) => {
    expect(() => records({ env: { SECRET: value } })).toThrow(
      expect.objectContaining({
        code: 'ERR_UNSUPPORTED',
        message: expect.not.stringContaining(value),
      }),
    );
  });
});
