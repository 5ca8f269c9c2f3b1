import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { childEnvironment } from '../../src/shell/environment.ts';
import { appendGitConfig } from '../../src/shell/git-config.ts';

const settings = (...pairs: [string, string][]): Record<string, string> =>
  Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(pairs.length)],
    ...pairs.flatMap(([name, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, name],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);

const grant = { id: 'g1', target: 'repos', role: 'read', risk: 'medium', deadline: 0 } as const;
const terms = { warn: [], notify: [] };
const child = (baseEnv: Record<string, string>, env: Record<string, string>) =>
  childEnvironment({ baseEnv, env, unset: [], secrets: [], extension: null, grant, terms, stateFile: '/s' });

function git(env: Record<string, string>, ...args: string[]): string {
  return execFileSync('git', args, { env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' }).trim();
}

it('settings of the user stay in force beside those that were handed out, which win: git itself says so', () => {
  const own = settings(['user.name', 'ada'], ['core.editor', 'ed']);
  const env = child(own, settings(['core.editor', 'vi'], ['http.proxy', '']));
  expect(git(env, 'config', 'user.name')).toBe('ada');
  expect(git(env, 'config', 'core.editor')).toBe('vi');
  expect(git(env, 'config', '--get-all', 'core.editor').split('\n')).toEqual(['ed', 'vi']);
});

it('a grant inside another keeps what the outer one set', () => {
  const outer = child({}, settings(['core.editor', 'outer'], ['user.name', 'outer']));
  const inner = child(outer, settings(['core.editor', 'inner']));
  expect(git(inner, 'config', 'user.name')).toBe('outer');
  expect(git(inner, 'config', 'core.editor')).toBe('inner');
});

it('what it adds is among the names that are taken away at the end', () => {
  const env = child(settings(['user.name', 'ada']), settings(['core.editor', 'vi']));
  expect(env['JIT_VARS']?.split(' ').sort()).toEqual([
    'GIT_CONFIG_COUNT',
    'GIT_CONFIG_KEY_1',
    'GIT_CONFIG_VALUE_1',
  ]);
});

it.each(['', 'two', '-1', '1e3', '99999'])('a count that git would refuse counts as none: "%s"', (count) => {
  const given = settings(['core.editor', 'vi']);
  expect(appendGitConfig({ GIT_CONFIG_COUNT: count }, given)).toEqual(given);
});

it('leaves alone what has nothing to do with git', () => {
  expect(appendGitConfig(settings(['user.name', 'ada']), { PGUSER: 'x' })).toEqual({ PGUSER: 'x' });
});
