// Whom to end besides the shell, from what one look after the other finds.

import { expect, test } from 'vitest';
import { othersThan } from '../../src/shell/end.ts';

const [shell, innerShell, innerJit, program] = [10, 20, 21, 30];

/** What is found by one look after the other. */
function looks(...found: { pid: number; isOfSession: boolean }[][]) {
  return () => found.shift() ?? [];
}

const inner = [
  { pid: innerShell, isOfSession: true },
  { pid: innerJit, isOfSession: true },
];
const others = [
  { pid: shell, isOfSession: true },
  { pid: program, isOfSession: false },
];

test('terminate ends programs, and neither the shell nor an inner session', () => {
  expect(othersThan(shell, 'terminate', looks([...others, ...inner]))()).toEqual([program]);
});

test('the jit of an inner session is left alone also when its shell has ended before it', () => {
  const left = othersThan(
    shell,
    'terminate',
    looks([...others, ...inner], [...others, { pid: innerJit, isOfSession: false }]),
  );
  left();
  expect(left()).toEqual([program]);
});

test('close takes inner sessions along, but not the shell, which is ended by itself', () => {
  expect(othersThan(shell, 'close', looks([...others, ...inner]))()).toEqual([program, innerShell, innerJit]);
});
