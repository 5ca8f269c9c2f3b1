// The part of a broker that writes a log and syncs it: commits an event, pushes, and says how many events the store has
// acknowledged; for ever. Started and killed by test/sync/torture.ts.

import { writeSync } from 'node:fs';
import path from 'node:path';
import { createSigner } from '../../../src/audit/signer.ts';
import { createLedger } from '../../../src/broker/ledger.ts';
import { holdPolicy } from '../../../src/broker/policy-holder.ts';
import { kinds } from '../../../src/broker/providers.ts';
import { startSync } from '../../../src/broker/sync.ts';
import { Secret } from '../../../src/core/secret.ts';
import { openStore } from '../../../src/store/open.ts';
import { systemClock as clock } from '../../../src/system/clock.ts';
import { systemRandom as random } from '../../../src/system/random.ts';

const [, , folder = ''] = process.argv;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const store = openStore({ path: path.join(folder, 'state', 'jit.db'), clock, random });
store.useSigner(createSigner(store.logOrigin, Buffer.alloc(32, 5)));
const ledger = createLedger(store, clock, silent);
const sync = startSync({
  ledger,
  policy: holdPolicy(path.join(folder, 'jit.yaml'), kinds, ledger, clock),
  clock,
  random,
  log: silent,
  resolveSecret: async () => new Secret('writer'),
  file: path.join(folder, 'state', 'synced'),
});
writeSync(1, `origin ${store.logOrigin}\n`);

for (let turn = 0; ; turn += 1) {
  for (let more = 0; more <= turn % 7; more += 1) {
    const data = { step: `s${turn}`, facts: { filler: 'x'.repeat((turn * 37) % 500) } };
    ledger.write({ events: [{ type: 'lease.step', at: clock.now(), data }] });
  }
  try {
    await sync.now();
    writeSync(1, `has ${sync.state().acknowledged}\n`);
  } catch (thrown) {
    writeSync(1, `failed ${(thrown as { code?: string }).code}\n`);
    if (store.behind) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
