import { expect, test } from 'vitest';
import { isCi, jobOf, runOf } from '../../src/system/ci.ts';

const github = {
  CI: 'true',
  GITHUB_REPOSITORY: 'acme/web',
  GITHUB_RUN_ID: '9001',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_JOB: 'deploy',
  RUNNER_NAME: 'runner-1',
};

test('a job is where CI says so', () => {
  expect(['true', '1', 'yes'].map((CI) => isCi({ CI }))).toEqual([true, true, true]);
  expect([undefined, '', 'false', '0'].map((CI) => isCi({ CI }))).toEqual([false, false, false, false]);
});

test('a run has a name that its steps share, and JIT_RUN_ID is stronger', () => {
  expect(runOf(github)).toBe('github/acme/web/9001/2/deploy/runner-1');
  expect(runOf({ CI_JOB_ID: '302', CI_SERVER_HOST: 'gitlab.example.com' })).toBe(
    'gitlab/gitlab.example.com/302',
  );
  expect(runOf({ ...github, JIT_RUN_ID: 'mine' })).toBe('mine');
  expect(runOf({ CI: 'true' })).toBeNull();
});

test('a broker is started for the job, unless this is none or the broker is to stay', () => {
  expect(jobOf(github)).toBe(runOf(github));
  expect(jobOf({ CI: 'true' })).toBe('');
  expect(jobOf({ ...github, JIT_BROKER: 'resident' })).toBeNull();
  expect(jobOf({})).toBeNull();
  expect(jobOf({ JIT_BROKER: 'in-process', JIT_RUN_ID: 'mine' })).toBe('mine');
});
