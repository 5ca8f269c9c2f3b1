// How clients run jit again: one line that a shell, Python's shlex and readers of config files take apart alike.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { helperCommand, quoted } from '../../src/broker/helper-command.ts';

const words = [
  '/opt/jit',
  '/opt/my jit/x',
  `/opt/it's`,
  '/opt/"a"',
  '/opt/$HOME',
  '/opt/`id`',
  '/opt/a\\b',
  '/a!b',
];

test('a shell reads back each word as it was', () => {
  const line = words.map((word) => quoted(word)).join(' ');
  const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
  expect(printed.trimEnd().split('\n')).toEqual(words);
});

test('a plain path stays as it is, and one with blanks is quoted as AWS documents it', () => {
  expect(quoted('/usr/bin/node')).toBe('/usr/bin/node');
  expect(quoted('/home/a b/node')).toBe('"/home/a b/node"');
});

test.each(['/a\nb', '/a #b', '/a ;b', '/a\tb'])(
  'nothing is written for %j, which some reader would cut',
  (word) => {
    expect(quoted(word)).toBeNull();
  },
);

test('it runs this installation with the configuration of the broker', () => {
  const root = path.join(import.meta.dirname, '../..');
  const expected = [process.execPath, path.join(root, 'bin/jit.js'), '--config', '/etc/my jit.yaml'];
  expect(helperCommand('/etc/my jit.yaml')).toBe(expected.map((word) => quoted(word)).join(' '));
  expect(helperCommand('/etc/jit.yaml', path.join(root, 'dist'))).toContain(path.join(root, 'bin/jit.js'));
});

test('there is none where the launcher is not', () => {
  expect(helperCommand('/etc/jit.yaml', '/nowhere/at/all')).toBeNull();
});
