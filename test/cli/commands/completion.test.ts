import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { jit } from '../harness.ts';

const root = path.join(import.meta.dirname, '../../..');

describe('jit completion', () => {
  it.each([
    ['bash', 'jit-completion.bash'],
    ['zsh', '_jit'],
    ['fish', 'jit-completion.fish'],
  ])('prints the script of %s as it is checked in', (shell, file) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'bin/jit.js'), 'completion', shell],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(readFileSync(path.join(root, 'completions', file), 'utf8'));
  });

  it('knows no other shell, and says what was meant', async () => {
    const ran = await jit(['completion', 'fihs']);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('did you mean: jit completion fish');
    expect((await jit(['completion', 'toString'])).code).toBe(2);
  });

  it('says which file is missing when jit is not whole', async () => {
    const ran = await jit(['completion', 'bash']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      '"/opt/jit/completions/jit-completion.bash": there is no such file\njit: hint: install jit again',
    );
  });
});
