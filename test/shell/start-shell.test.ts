import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quoteFish, quotePosix } from '../../src/shell/quote.ts';
import { prepareShell } from '../../src/shell/start-shell.ts';
import { missing } from '../support/tmux.ts';

let runDir: string;

beforeEach(() => {
  runDir = mkdtempSync(path.join(os.tmpdir(), 'jit-start-'));
});
afterEach(() => rmSync(runDir, { recursive: true }));

const prepare = (shell: string, baseEnv = {}) =>
  prepareShell({ shell, hooksDir: '/opt/jit/completions', stateFile: path.join(runDir, 'prompt'), baseEnv });

test('the start files of bash are in a folder of their own that nobody else can read', () => {
  const prepared = prepare('/bin/bash');
  const [folder = ''] = readdirSync(runDir);
  const rcfile = path.join(runDir, folder, 'bashrc');
  expect(statSync(path.dirname(rcfile)).mode & 0o777).toBe(0o700);
  expect(statSync(rcfile).mode & 0o777).toBe(0o600);
  expect(prepared.command).toEqual(['/bin/bash', '--rcfile', rcfile, '-i']);
  expect(prepared.env).toEqual({ JIT_READY: path.join(runDir, folder, 'ready') });
  prepared.remove();
  expect(readdirSync(runDir)).toEqual([]);
});

test('bash loads the hook before the file of the user, so that Ctrl-C in that file costs no hook', () => {
  prepare('bash');
  const [folder = ''] = readdirSync(runDir);
  const rcfile = readFileSync(path.join(runDir, folder, 'bashrc'), 'utf8');
  expect(rcfile.indexOf('jit.bash')).toBeLessThan(rcfile.indexOf('~/.bashrc'));
});

test('zsh gets ZDOTDIR for one file only, and the one of the user comes back', () => {
  const prepared = prepare('/usr/bin/zsh', { ZDOTDIR: '/home/ann/.zsh' });
  const [folder = ''] = readdirSync(runDir);
  expect(readdirSync(path.join(runDir, folder))).toEqual(['.zshenv', 'owner']);
  expect(prepared.env).toMatchObject({
    ZDOTDIR: path.join(runDir, folder),
    JIT_USER_ZDOTDIR: '/home/ann/.zsh',
  });
});

test('fish runs the hook after the files of the user', () => {
  expect(prepare('fish').command).toEqual(['fish', '-i', '-C', `source '/opt/jit/completions/jit.fish'`]);
});

test('a shell without a hook is started plainly, and no file is written for it', () => {
  const prepared = prepare('/usr/bin/ksh');
  expect(prepared).toMatchObject({ command: ['/usr/bin/ksh', '-i'], hasHook: false, env: {} });
  expect(readdirSync(runDir)).toEqual([]);
});

test('a run folder that is not there is an error with a code', () => {
  const stateFile = path.join(runDir, 'absent', 'prompt');
  expect(() => prepareShell({ shell: 'bash', hooksDir: '/opt', stateFile })).toThrow(
    expect.objectContaining({ code: 'ERR_CHILD_SETUP' }),
  );
});

const odd = `a b'"\\$(exit 9)\`x\`!\n;'\\`;
const quotes = [
  ['bash', quotePosix],
  ['zsh', quotePosix],
  ['fish', quoteFish],
] as const;

for (const [shell, quote] of quotes) {
  const absent = missing(shell);
  test.skipIf(absent)(`a quoted text is one word of ${shell}${absent ? ` (skipped: ${absent})` : ''}`, () => {
    const heard = execFileSync(shell, ['-c', `printf '%s' ${quote(odd)}`], { encoding: 'utf8' });
    expect(heard).toBe(odd);
  });
}
