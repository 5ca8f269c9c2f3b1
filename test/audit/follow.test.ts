// Heads that are known elsewhere, held against a log at the moment when it is as long as they say.

import { expect, test } from 'vitest';
import { noLeaf, placeEvent } from '../../src/audit/chain.ts';
import type { LogHead } from '../../src/audit/event.ts';
import { followLog } from '../../src/audit/follow.ts';
import { emptyRoot } from '../../src/audit/merkle.ts';

const origin = 'jit.followed000';
const opening = placeEvent(
  { type: 'log.open', at: 1_795_341_600_000, data: { version: '0.1.0' } },
  { origin, seq: 0, prev: noLeaf, boot: 'boot', monoMs: 1 },
);
const empty = { origin, size: 0, root: emptyRoot.toString('hex') };
const first = { origin, size: 1, root: opening.leaf };

function missedBy(known: LogHead[], isWritten: boolean): readonly LogHead[] {
  const follower = followLog({ origin, previous: null, checkpoints: [], known });
  if (isWritten) expect(follower.event(opening.body, Buffer.from(opening.leaf, 'hex'))).toBeNull();
  follower.end();
  return follower.missed;
}

test('every log leads to the head of a log without an event, and to later ones all the same', () => {
  expect(missedBy([empty], false)).toEqual([]);
  expect(missedBy([empty], true)).toEqual([]);
  expect(missedBy([first, empty], true)).toEqual([]);
});

test('a head of no event with another root than that of nothing is missed, and keeps no other from being compared', () => {
  const odd = { ...empty, root: 'a'.repeat(64) };
  expect(missedBy([odd, first], true)).toEqual([odd]);
  const later = { ...first, root: 'b'.repeat(64) };
  expect(missedBy([empty, later], true)).toEqual([later]);
  expect(missedBy([first], false)).toEqual([first]);
});
