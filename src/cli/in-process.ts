// The end of the broker inside of this command. Opening it is reach.ts.

import type { World } from './world.ts';

/** Closes the broker of this command, if it has one, and says what could not be taken back. Never throws. */
export async function closeOwnBroker(world: Pick<World, 'ownBroker' | 'out'>): Promise<void> {
  const own = world.ownBroker.current;
  if (!own) return;
  world.ownBroker.current = null;
  try {
    if (!world.ownBroker.isHurried) await own.othersLeft();
    const { overdue, ending } = await own.close('its command has ended');
    if (overdue > 0) {
      const what = overdue === 1 ? 'a credential' : `${overdue} credentials`;
      world.out.warn(`${what} could not be taken back; try again: jit ci cleanup`);
    } else if (ending > 0) {
      world.out.warn('a credential cannot be withdrawn and ends by itself; see: jit ci cleanup');
    }
  } catch {
    world.out.warn('the broker of this command did not end as it should; see what is left: jit ci cleanup');
  }
}
