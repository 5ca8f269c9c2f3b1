// What the other files show of completion in fish, in fish 4.

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { noFish4, testFish4Alone } from '../../support/fish4.ts';

describe.skipIf(noFish4)(`completion in fish 4${noFish4 ? ` (skipped: ${noFish4})` : ''}`, () => {
  testFish4Alone();

  test('it is the one that is tested', () => {
    expect(execFileSync('fish', ['--version'], { encoding: 'utf8' })).toMatch(/version 4\./);
  });

  describe('asked', () => import('./fish.test.ts').then(() => undefined));
  describe('on a terminal', () => import('./terminal.test.ts').then(() => undefined));
});
