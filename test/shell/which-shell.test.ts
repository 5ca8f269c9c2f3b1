import { expect, test } from 'vitest';
import { findShell, type ProcessFacts } from '../../src/shell/which-shell.ts';

/** A chain of processes, the nearest first: each is the parent of the one before. */
function chain(...commands: { argv: string[]; program?: string }[]) {
  return (pid: number): ProcessFacts | null => {
    const command = commands[pid - 100];
    return command ? { parent: pid + 1, argv: command.argv, program: command.program ?? null } : null;
  };
}

const login = { SHELL: '/bin/bash' };

test('the shell that jit was started from wins over the login shell', () => {
  expect(findShell(login, 100, chain({ argv: ['fish'], program: '/usr/bin/fish' }))).toBe('/usr/bin/fish');
});

test('a login shell is known by its dash, and by its name alone where the program cannot be seen', () => {
  expect(findShell(login, 100, chain({ argv: ['-zsh'] }))).toBe('zsh');
});

test.each([
  ['text of npm or make', ['sh', '-c', 'jit elevate prod-db']],
  ['text with errexit', ['bash', '-ec', 'jit elevate prod-db']],
  ['a script', ['/bin/bash', '/usr/local/bin/deploy']],
])('a shell that runs %s is passed over', (_what, argv) => {
  const look = chain({ argv, program: '/bin/bash' }, { argv: ['node', 'npm'] }, { argv: ['zsh', '-i'] });
  expect(findShell(login, 100, look)).toBe('zsh');
});

test.each([
  ['--rcfile', ['bash', '--rcfile', '/run/jit/shell-x/bashrc', '-i']],
  ['--init-file', ['bash', '--init-file', '/opt/editor/integration.bash']],
  ['-C', ['bash', '-i', '-C', 'source x']],
  ['-o', ['bash', '-o', 'vi', '-l']],
])('an interactive shell started with %s is the one', (_option, argv) => {
  expect(findShell({ SHELL: '/bin/zsh' }, 100, chain({ argv, program: '/bin/bash' }))).toBe('/bin/bash');
});

test('without a shell above, the login shell is taken, and without one /bin/sh', () => {
  const look = chain({ argv: ['sshd'] }, { argv: ['init'] });
  expect(findShell(login, 100, look)).toBe('/bin/bash');
  expect(findShell({}, 100, look)).toBe('/bin/sh');
});

test('the processes of this machine can be walked', () => {
  expect(findShell({ SHELL: '/somewhere/bash' })).toMatch(/sh$/);
});
