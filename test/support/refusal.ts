// What a refusal at the door has to be, whatever was wrong.

import { expect } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { Doorway } from './doorway.ts';
import type { RawReply } from './raw-http.ts';

/** Planted in requests: no reply may repeat it. */
export const planted = 'planted-secret-4711';

/** A refusal that a client understands, that tells nothing of what was sent, after which the broker goes on. */
export async function expectRefused(world: Doorway, reply: RawReply, code: ErrorCode): Promise<void> {
  expect([reply.code, reply.status >= 400]).toEqual([code, true]);
  expect(reply.head + reply.body).not.toContain(planted);
  expect(reply.body).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.ts\b|\.mjs\b/);
  expect(reply.body.length).toBeLessThan(600);
  expect((await world.status()).status).toBe(200);
  expect(world.store.grants({ states: ['pending', 'active', 'denied', 'ended'] })).toEqual([]);
}
