// A process that commits, signed, as fast as it can and says each sequence number once it is durable.
// At the first failure it says what it may still do, and ends.

import { writeSync } from 'node:fs';
import { createSigner, seedBytes } from '../../../src/audit/signer.ts';
import { toJitError } from '../../../src/core/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { systemRandom } from '../../../src/system/random.ts';

const [, , path = ''] = process.argv;
const store = openStore({ path, clock: systemClock, random: systemRandom });
// One seed for all writers of these tests: each goes on with the log of the one before.
store.useSigner(createSigner(store.logOrigin, Buffer.alloc(seedBytes, 7)));

function commit(urgent: boolean): string {
  try {
    const data = { step: 'fenced', facts: { filler: 'x'.repeat(600) } };
    const { seq } = store.commit((tx) => tx.append({ type: 'lease.step', at: systemClock.now(), data }), {
      urgent,
    });
    return `${seq}`;
  } catch (thrown) {
    const { code, message } = toJitError(thrown);
    return `${code} ${message}`;
  }
}

for (;;) {
  const said = commit(false);
  writeSync(1, `${said}\n`);
  if (said.startsWith('ERR_')) break;
}
writeSync(1, `failed ${store.failed}\nagain ${commit(false)}\n`);
