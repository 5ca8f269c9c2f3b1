import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

function pass(armed: string, isTestBuild = true) {
  const text = `if (${isTestBuild}) globalThis.JIT_FAILPOINTS = true;
    const { failpoint } = await import(${JSON.stringify(path.resolve('src/system/failpoint.ts'))});
    for (const name of ['issue.before', 'issue.after', 'issue.before', 'issue.before']) {
      try { failpoint(name); process.stdout.write('.'); } catch (error) { process.stdout.write('!'); }
    }`;
  const env = { PATH: process.env['PATH'], JIT_FAILPOINT: armed };
  return spawnSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8', env });
}

describe('failpoint', () => {
  it('throws at the first pass of its name, or at the one with the number given', () => {
    expect(pass('issue.before=throw').stdout).toBe('!...');
    expect(pass('issue.before#2=throw').stdout).toBe('..!.');
    expect(pass('other=throw').stdout).toBe('....');
  });

  it('kills the process before another line runs', () => {
    expect(pass('issue.after=kill')).toMatchObject({ signal: 'SIGKILL', stdout: '.' });
  });

  it('does nothing in a release build', () => {
    expect(pass('issue.before=kill', false)).toMatchObject({ status: 0, stdout: '....' });
  });
});
