import { expect, test } from 'vitest';
import { nearest } from '../../src/core/nearest.ts';

test.each([
  ['prod-bd', ['prod-db', 'staging-db'], 'prod-db'],
  ['raed', ['read', 'write'], 'read'],
  ['PROVIDER', ['provider', 'roles'], 'provider'],
  ['max_duratoin', ['max_duration', 'default_duration'], 'max_duration'],
  ['prod', ['prod-db', 'staging-db'], 'prod-db'],
  ['a', ['b'], 'b'],
])('takes %j for the nearest of %j', (name, candidates, expected) => {
  expect(nearest(name, candidates)).toBe(expected);
});

test.each([
  ['elephant', ['read', 'write']],
  ['', ['read']],
  ['prod', ['prod-db-eu', 'prod-db-us']],
  ['x'.repeat(10_000), ['x']],
  ['read', []],
])('answers nothing rather than a far-fetched guess for %j', (name, candidates) => {
  expect(nearest(name, candidates)).toBeNull();
});
