import { expect, test } from 'vitest';
import { matchChannels } from '../../../src/broker/alerts/match.ts';

const channel = (name: string, mark: string) => ({ name, mark });

test('a channel is what it was when the one above it is removed and gives it another name', () => {
  const before = [channel('webhook-1', 'a'), channel('webhook-2', 'b')];
  const { of, left } = matchChannels([channel('webhook-1', 'b')], before);
  expect(of).toEqual([before[1]]);
  expect(left).toEqual([before[0]]);
});

test('two that change places stay what they are', () => {
  const before = [channel('webhook-1', 'a'), channel('webhook-2', 'b')];
  const { of, left } = matchChannels([channel('webhook-1', 'b'), channel('webhook-2', 'a')], before);
  expect(of).toEqual([before[1], before[0]]);
  expect(left).toEqual([]);
});

test('one with a new address is the one of its name, unless that goes on elsewhere', () => {
  const before = [channel('webhook-1', 'a')];
  expect(matchChannels([channel('webhook-1', 'new')], before).of).toEqual([before[0]]);
  const inserted = matchChannels([channel('webhook-1', 'new'), channel('webhook-2', 'a')], before);
  expect(inserted.of).toEqual([null, before[0]]);
});

test('of another kind it is a new one, and the same twice are two', () => {
  const before = [channel('webhook-1', 'a'), channel('webhook-2', 'a')];
  expect(matchChannels([channel('desktop-1', 'd')], before)).toEqual({ of: [null], left: before });
  const same = [channel('webhook-1', 'a'), channel('webhook-2', 'a'), channel('webhook-3', 'a')];
  expect(matchChannels(same, before).of).toEqual([before[0], before[1], null]);
});
