// Repeats a piece of work that the server refused only because somebody else wrote at the same moment.

import type { Context } from './context.ts';
import { sqlState, sqlStateOf } from './failure.ts';
import { wait } from './wait.ts';

const attempts = 12;

/** True for what the server answers to two writers of one catalog row, and for deadlocks. */
export function isCollision(thrown: unknown): boolean {
  const state = sqlStateOf(thrown);
  if (state === sqlState.serialization || state === sqlState.deadlock) return true;
  // XX000 is any internal error; only this one is about timing.
  return state === sqlState.concurrentUpdate && /tuple concurrently/.test((thrown as Error).message);
}

/** `work`, again after a random moment while it collides. `work` must leave nothing behind when it throws. */
export async function repeat<T>(context: Context, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (thrown) {
      if (attempt === attempts || !isCollision(thrown)) throw thrown;
      const spread = context.random.bytes(1).readUInt8() / 255;
      await wait(context.clock, Math.ceil(spread * 20 * attempt), context.signal);
    }
  }
}
