// The end of the broker inside of this command. Opening it is reach.ts.

import type { OpenBroker } from '../protocol/offline.ts';
import type { World } from './world.ts';

type Closing = Pick<World, 'ownBroker' | 'out'>;

/** Brokers that are being closed, by a signal or the end of the command: whoever comes second waits for the same end. */
const closing = new WeakMap<OpenBroker, Promise<void>>();

/** Closes the broker of this command, if it has one, and says what could not be taken back. Never throws. */
export async function closeOwnBroker(world: Closing): Promise<void> {
  const { ownBroker } = world;
  const own = ownBroker.current;
  if (!own) return;
  const begun = closing.get(own);
  // It may be waiting for others, and nobody is waited for any more.
  if (begun && ownBroker.isHurried) void own.release().catch(() => undefined);
  const closed = begun ?? close(world, own);
  closing.set(own, closed);
  await closed;
  if (ownBroker.current === own) ownBroker.current = null;
}

async function close(world: Closing, own: OpenBroker): Promise<void> {
  try {
    if (!world.ownBroker.isHurried) await own.othersLeft();
    const { overdue, ending, unsynced } = await own.close('its command has ended');
    if (overdue > 0) {
      const what = overdue === 1 ? 'a credential' : `${overdue} credentials`;
      world.out.warn(`${what} could not be taken back; try again: jit ci cleanup`);
    } else if (ending > 0) {
      world.out.warn('a credential cannot be withdrawn and ends by itself; see: jit ci cleanup');
    }
    if (unsynced > 0) {
      const what = unsynced === 1 ? '1 event is' : `${unsynced} events are`;
      world.out.warn(`${what} not at the shared store yet; send the rest of the audit log: jit audit sync`);
    }
  } catch {
    world.out.warn('the broker of this command did not end as it should; see what is left: jit ci cleanup');
  }
}
