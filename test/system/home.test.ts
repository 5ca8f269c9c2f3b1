import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isCi, runOf } from '../../src/system/ci.ts';
import { usableHome } from '../../src/system/home.ts';
import { resolvePaths } from '../../src/system/paths.ts';
import { temporaryFolder } from '../fakes/folder.ts';

/** Made by nobody. */
const nowhere = `/nonexistent-${crypto.randomUUID()}`;

const state = (home: string): string => path.join(home, '.local/state/jit');

test('a home that can be written, or holds the state already, is used', () => {
  const home = temporaryFolder();
  expect(usableHome({ HOME: home }, state)).toBe(home);
  mkdirSync(path.join(home, '.local'));
  expect(usableHome({ HOME: home }, state)).toBe(home);
  mkdirSync(state(home), { recursive: true });
  expect(usableHome({ HOME: home, CI: 'true' }, state)).toBe(home);
});

test('a home that is absent, or cannot be written, is not used', () => {
  expect(usableHome({ HOME: nowhere }, state)).toBeNull();
  const home = temporaryFolder();
  chmodSync(home, 0o500);
  if (process.getuid?.() !== 0) expect(usableHome({ HOME: home }, state)).toBeNull();
  chmodSync(home, 0o700);
});

test('without a home everything lies in one folder for temporary files, by uid', () => {
  const uid = process.geteuid?.();
  const paths = resolvePaths({ HOME: nowhere, RUNNER_TEMP: '/runner', TMPDIR: '/tmp/x' });
  expect(paths).toMatchObject({
    isTemporary: true,
    stateDir: `/runner/jit-${uid}`,
    runDir: `/runner/jit-${uid}/run`,
    configFile: `/runner/jit-${uid}/jit.yaml`,
  });
  expect(resolvePaths({ HOME: nowhere, TMPDIR: '/tmp/x' }).stateDir).toBe(`/tmp/x/jit-${uid}`);
  expect(resolvePaths({ HOME: nowhere, TMPDIR: 'relative' }).stateDir).toBe(`/tmp/jit-${uid}`);
});

test('JIT_STATE_DIR wins over everything but the configuration', () => {
  const env = {
    HOME: nowhere,
    XDG_STATE_HOME: '/x',
    XDG_RUNTIME_DIR: '/r',
    JIT_STATE_DIR: '/own',
    JIT_CONFIG: '/c.yaml',
  };
  expect(resolvePaths(env)).toMatchObject({
    isTemporary: false,
    stateDir: '/own',
    runDir: '/own/run',
    configFile: '/c.yaml',
  });
});

test('a relative JIT_STATE_DIR is refused, an empty one is none', () => {
  expect(() => resolvePaths({ HOME: '/h', JIT_STATE_DIR: 'state' })).toThrow(
    expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringContaining('absolute') }),
  );
  expect(resolvePaths({ HOME: '/h', JIT_STATE_DIR: '', XDG_STATE_HOME: '/x' }).stateDir).toBe('/x/jit');
});

test('CI says that this is a pipeline, and its variables which run', () => {
  expect([undefined, '', '0', 'false', 'true', '1'].map((CI) => isCi({ CI }))).toEqual([
    false,
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(runOf({})).toBeNull();
  expect(runOf({ CI_JOB_ID: '302', CI_SERVER_HOST: 'gitlab.com' })).toBe('gitlab/gitlab.com/302');
  const github = {
    GITHUB_REPOSITORY: 'a/b',
    GITHUB_RUN_ID: '1',
    GITHUB_RUN_ATTEMPT: '2',
    GITHUB_JOB: 'deploy',
    RUNNER_NAME: 'r',
  };
  expect(runOf(github)).toBe('github/a/b/1/2/deploy/r');
  expect(runOf({ ...github, GITHUB_JOB: 'test' })).not.toBe(runOf(github));
  expect(runOf({ ...github, JIT_RUN_ID: 'mine' })).toBe('mine');
});
