// Waits for a broker that was stopped to be gone: it still has its files to close, and a shared store to tell of its end.

import type { Client } from '../client/client.ts';
import type { Session } from '../core/grant.ts';
import type { Milliseconds } from '../core/time.ts';
import { isAlive, sessionOf } from '../system/process-info.ts';
import type { World } from './world.ts';

const look: Milliseconds = 10;
/** More than a broker gives itself. */
const patience: Milliseconds = 5_000;

/** The process of the broker; null where it cannot be told, as with one of another machine. Never throws. */
export async function processOf(client: Client): Promise<Session | null> {
  try {
    return sessionOf((await client.hello()).pid);
  } catch {
    return null;
  }
}

/** Settles when `broker` has ended, or does not within a few seconds: it was told to, and has revoked what was open. */
export async function untilGone({ clock }: World, broker: Session | null): Promise<void> {
  // The clock's timers keep no process alive, and once the broker is gone nothing else does.
  const stayAlive = setInterval(() => undefined, 60_000);
  const end = clock.now() + patience;
  while (broker !== null && isAlive(broker) && clock.now() < end) {
    await new Promise<void>((resolve) => clock.after(look, resolve));
  }
  clearInterval(stayAlive);
}
