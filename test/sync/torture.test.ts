import { expect, test } from 'vitest';
import { seeded } from '../crash/random.ts';
import { torture } from './torture.ts';

test('whoever dies between an append and its acknowledgement, every event is there exactly once, in order', async () => {
  const { kills, events, broken } = await torture(10, seeded(3));
  expect(broken).toEqual([]);
  expect(Object.keys(kills)).toHaveLength(5);
  expect(events).toBeGreaterThan(20);
}, 120_000);
