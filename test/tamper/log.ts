// A random log in a file, as a broker leaves it: commits of some events, keys that change, now and then a fork. Also what
// an attacker would have to get hold of: the file at an earlier time, the keys; and the heads that are kept outside.

import { copyFileSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { createSigner, type Signer } from '../../src/audit/signer.ts';
import type { HeadKeeper } from '../../src/store/head-keeper.ts';
import { newOrigin, openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import type { Clock } from '../../src/system/clock.ts';
import { systemRandom } from '../../src/system/random.ts';

/** A log and its surroundings. */
export interface RandomLog {
  readonly file: string;
  /** The same file when it had fewer events. */
  readonly older: string;
  /** Signed heads as they are kept outside. */
  readonly heads: readonly string[];
  /** All keys that ever signed, by vkey. */
  readonly signers: ReadonlyMap<string, Signer>;
  /** Verifications of the log while it grew that found something, though nothing was wrong. */
  readonly alarms: readonly string[];
  readonly verified: number;
}

/** Moments at which the log is verified while it grows. */
const moments = 10;

/** Heads in memory. */
export function memoryKeeper(): HeadKeeper & { readonly notes: Map<string, string> } {
  const notes = new Map<string, string>();
  return {
    notes,
    known: () => [...notes.values()],
    keep: (origin, note) => void notes.set(origin, note),
    settle: (origin) => void notes.delete(origin),
  };
}

/** Writes a log below `folder`; `random` answers numbers from 0 up to 1. */
export function writeRandomLog(folder: string, random: () => number): RandomLog {
  const dir = mkdtempSync(path.join(folder, 'log-'));
  const [file, older] = [path.join(dir, 'log.db'), path.join(dir, 'older.db')];
  const upTo = (most: number): number => Math.floor(random() * most);
  let now = 1_795_341_600_000;
  const clock: Clock = { now: () => now, sinceBoot: () => 1, bootId: 'b', after: () => () => undefined };
  const signers = new Map<string, Signer>();
  const newSigner = (origin: string): Signer => {
    const signer = createSigner(origin, systemRandom.bytes(32));
    signers.set(signer.vkey, signer);
    return signer;
  };
  const heads = memoryKeeper();
  const origin = newOrigin(systemRandom);
  const options = { path: file, clock, random: systemRandom, origin, heads, signer: newSigner(origin) };
  const store = openStore(options);
  const alarms: string[] = [];
  const forkAt = random() < 0.15 ? upTo(moments - 3) : -1;
  const olderAt = Math.max(forkAt + 1, upTo(moments - 1));
  for (let moment = 0; moment < moments; moment += 1) {
    if (moment === forkAt) store.fork('restored', newSigner(store.nextOrigin));
    else if (random() < 0.1) store.rotate(newSigner(store.logOrigin), 'age');
    for (let commits = 1 + upTo(3); commits > 0; commits -= 1) {
      now += upTo(100_000);
      appendSome(store, now, 1 + upTo(4), upTo);
    }
    const report = verifyFile(file, { heads: heads.known() });
    if (!report.valid) alarms.push(report.problem?.what ?? '');
    if (moment !== olderAt) continue;
    store.checkpoint();
    copyFileSync(file, older);
  }
  store.close();
  return { file, older, heads: heads.known(), signers, alarms, verified: moments };
}

function appendSome(store: Store, at: number, count: number, upTo: (most: number) => number): void {
  store.commit((tx) => {
    for (let index = 0; index < count; index += 1) {
      const name = `step ${upTo(1_000_000)}`;
      tx.append({
        type: 'lease.step',
        at,
        data: { step: name, facts: { n: upTo(100), text: 'ü'.repeat(upTo(3)) } },
      });
    }
  });
}
