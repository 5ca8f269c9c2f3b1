// What the other files show of fish beside a real broker and a real PostgreSQL, in fish 4.

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { noFish4, testFish4Alone } from '../support/fish4.ts';

describe.skipIf(noFish4)(`a shell of fish 4${noFish4 ? ` (skipped: ${noFish4})` : ''}`, () => {
  testFish4Alone();

  test('it is the one that is tested', () => {
    expect(execFileSync('fish', ['--version'], { encoding: 'utf8' })).toMatch(/version 4\./);
  });

  // Each in a block of its own, for what it does before and after its tests.
  describe('under a grant', () => import('./shell-session.test.ts').then(() => undefined));
  describe('at the end', () => import('./shell-end.long.test.ts').then(() => undefined));
  describe('with a grant in use', () => import('./use.test.ts').then(() => undefined));
  describe('with a prompt of its own', () => import('./prompt-tools.test.ts').then(() => undefined));
});
