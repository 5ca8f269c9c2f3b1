// What the other files show of fish, in fish 4: the prompt hook, the end of a grant, hostile settings, "jit use".

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { noFish4, testFish4Alone } from '../support/fish4.ts';

const why = noFish4 ? ` (skipped: ${noFish4})` : '';

describe.skipIf(noFish4)(`fish 4${why}`, () => {
  testFish4Alone();

  test('it is the one that is tested', () => {
    expect(execFileSync('fish', ['--version'], { encoding: 'utf8' })).toMatch(/version 4\./);
  });

  // Each in a block of its own, for what it does before and after its tests.
  describe('on its own', () => import('./hook-fish.test.ts').then(() => undefined));
  describe('the indicator', () => import('./hooks-indicator.test.ts').then(() => undefined));
  describe('interrupted', () => import('./hooks-interrupted.test.ts').then(() => undefined));
  describe('without forks', () => import('./hooks-forks.test.ts').then(() => undefined));
  describe('as a session', () => import('./hooks.test.ts').then(() => undefined));
  describe('start files', () => import('./start-files.test.ts').then(() => undefined));
  describe('slow to start', () => import('./slow-start.test.ts').then(() => undefined));
  describe('hostile', () => import('./hostile.test.ts').then(() => undefined));
  describe('more hostile', () => import('./hostile.long.test.ts').then(() => undefined));
  describe('the end', () => import('./on-end.test.ts').then(() => undefined));
  describe('jit use', () => import('./use.test.ts').then(() => undefined));
});
