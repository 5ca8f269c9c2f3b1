import { expect, test } from 'vitest';
import { seeded } from '../crash/random.ts';
import { torture } from './torture.ts';

test('100 kills between an append and its acknowledgement lose nothing and repeat nothing', async () => {
  const { broken } = await torture(100, seeded(4));
  expect(broken).toEqual([]);
}, 600_000);
