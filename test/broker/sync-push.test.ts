import { expect, test } from 'vitest';
import { leafHash } from '../../src/audit/chain.ts';
import { createSigner } from '../../src/audit/signer.ts';
import { pushLogs } from '../../src/broker/sync-push.ts';
import type { StoreHead, StoreWriter } from '../../src/shared-store/writer.ts';
import { open, step, temporaryPath } from '../store/support.ts';

/** A shared store in memory, which calls back before it answers. */
function memoryStore(onHead: (origin: string) => void) {
  const logs = new Map<string, { leaves: string[]; checkpoint: string | null }>();
  const log = (origin: string) => {
    const found = logs.get(origin) ?? { leaves: [], checkpoint: null };
    logs.set(origin, found);
    return found;
  };
  const writer: StoreWriter = {
    register: async (origin) => void log(origin),
    async head(origin): Promise<StoreHead> {
      const { leaves, checkpoint } = log(origin);
      onHead(origin);
      return { size: leaves.length, leaf: leaves.at(-1) ?? '0'.repeat(64), checkpoint };
    },
    async append(origin, first, bodies, note) {
      const { leaves } = log(origin);
      leaves.splice(first, bodies.length, ...bodies.map(leafHash));
      log(origin).checkpoint = note ?? log(origin).checkpoint;
      return leaves.length;
    },
  };
  return { writer, size: (origin: string) => log(origin).leaves.length };
}

test('a fork while the store is being asked is no contradiction, and no event of the new log goes to the old one', async () => {
  const store = open(temporaryPath());
  const first = store.logOrigin;
  let isForked = true;
  const shared = memoryStore(() => {
    if (isForked) return;
    isForked = true;
    store.fork('the key is lost', createSigner(store.nextOrigin, Buffer.alloc(32, 4)));
    for (let at = 0; at < 3; at += 1) store.commit((tx) => tx.append(step('new')));
  });
  const settled = new Set<string>();
  const push = () => pushLogs({ store, writer: shared.writer, settled, onAcknowledged: () => undefined });
  for (let at = 0; at < 20; at += 1) store.commit((tx) => tx.append(step('old')));
  await push();
  const whole = store.head().size + 1;
  store.commit((tx) => tx.append(step('old')));
  isForked = false;
  await push();
  await push();
  expect(shared.size(first)).toBe(whole);
  expect(shared.size(store.logOrigin)).toBe(store.head().size);
  expect(settled).toEqual(new Set([first]));
});
