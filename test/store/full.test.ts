import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createSigner, type Signer, seedBytes } from '../../src/audit/signer.ts';
import { JitError } from '../../src/core/errors.ts';
import { type Ballast, ballastBytes, fileBallast } from '../../src/store/ballast.ts';
import { openEpochs } from '../../src/store/epochs.ts';
import { openJobs } from '../../src/store/jobs.ts';
import { openLog } from '../../src/store/log.ts';
import { applySettings, settingsFor } from '../../src/store/settings.ts';
import { createSigning } from '../../src/store/signing.ts';
import { createStore } from '../../src/store/sqlite.ts';
import { openState } from '../../src/store/state.ts';
import type { Store } from '../../src/store/store.ts';
import { verifyFile } from '../../src/store/verify-file.ts';
import { systemRandom } from '../../src/system/random.ts';
import { failure } from '../audit/failure.ts';
import { open, step, stillClock, temporaryPath } from './support.ts';

/** A store whose file may not grow; giving up the ballast is what lets it grow again. */
function fullStore(
  file: string,
  pages: { spare: number },
  signerOf: (origin: string) => Signer | null = () => null,
): Store {
  const made = open(file);
  const { origin } = made;
  const signer = signerOf(origin);
  if (signer) made.useSigner(signer);
  made.close();
  const db = new Database(file);
  onTestFinished(() => void db.close());
  applySettings(db, settingsFor('write', process.platform));
  const used = Number(db.pragma('page_count', { simple: true }));
  db.pragma(`max_page_count = ${used}`);
  const ballast: Ballast = {
    ensure() {
      if (pages.spare === 0) throw new JitError('ERR_AUDIT_UNAVAILABLE', 'no room to set aside');
    },
    drop() {
      if (pages.spare === 0) return false;
      db.pragma(`max_page_count = ${used + pages.spare}`);
      pages.spare = 0;
      return true;
    },
  };
  const epochs = openEpochs(db, true);
  const log = openLog(db, origin, stillClock, epochs);
  return createStore({
    db,
    origin,
    clock: stillClock,
    log,
    epochs,
    signing: createSigning(origin, log, epochs, null),
    signer,
    damage: null,
    state: openState(db),
    jobs: openJobs(db),
    ballast,
    fate: () => 'same',
    readOnly: false,
  });
}

function fill(store: Store): JitError | null {
  for (let event = 0; event < 1_000; event += 1) {
    const error = failure(() => store.commit((tx) => tx.append(step('x'.repeat(400)))));
    if (error) return error;
  }
  return null;
}

test('on a full disk issuing is refused, revocation takes the ballast, and then issuing waits for room', () => {
  const file = temporaryPath();
  const pages = { spare: 5 };
  const store = fullStore(file, pages);
  const error = fill(store);
  expect([error?.code, error?.message]).toEqual([
    'ERR_AUDIT_UNAVAILABLE',
    'cannot write the audit log: the disk is full',
  ]);
  expect(store.failed).toBe(false);
  const { size } = store.head();

  let runs = 0;
  const stored = store.commit(
    (tx) => {
      runs += 1;
      return tx.append(step('x'.repeat(400)));
    },
    { urgent: true },
  );
  expect([stored.seq, runs]).toEqual([size, 2]);
  expect(failure(() => store.commit((tx) => tx.append(step('a'))))?.message).toBe('no room to set aside');

  pages.spare = 1;
  expect(store.commit((tx) => tx.append(step('a'))).seq).toBe(size + 1);
  store.close();
  expect(verifyFile(file)).toMatchObject({ valid: true, events: size + 2 });
});

test('when the ballast is gone too, revocation is told so and nothing is half written', () => {
  const file = temporaryPath();
  const pages = { spare: 1 };
  const store = fullStore(file, pages);
  fill(store);
  let error: JitError | null = null;
  for (let event = 0; event < 100 && !error; event += 1) {
    error = failure(() => store.commit((tx) => tx.append(step('x'.repeat(400))), { urgent: true }));
  }
  expect(error?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  const { size } = store.head();
  store.close();
  expect(verifyFile(file)).toMatchObject({ valid: true, events: size });
});

test('a revocation that takes the ballast is signed in the same commit', () => {
  const file = temporaryPath();
  const store = fullStore(file, { spare: 8 }, (origin) =>
    createSigner(origin, systemRandom.bytes(seedBytes)),
  );
  expect(fill(store)?.code).toBe('ERR_AUDIT_UNAVAILABLE');
  expect(store.signedHead()).toMatchObject(store.treeHead());
  const before = store.head().size;
  store.commit((tx) => tx.append(step('x'.repeat(400))), { urgent: true });
  expect(store.signedHead()).toMatchObject({ ...store.treeHead(), size: before + 1 });
  store.close();
  expect(verifyFile(file)).toMatchObject({ valid: true, logs: [{ signed: before + 1 }] });
});

test('the ballast is a megabyte of noise that is given up once and set aside again', () => {
  const file = temporaryPath();
  const ballast = fileBallast(file, systemRandom);
  ballast.ensure();
  expect(statSync(file)).toMatchObject({ size: ballastBytes, mode: 0o100600 });
  const noise = new Set(readFileSync(file));
  expect(noise.size).toBe(256);
  expect([ballast.drop(), ballast.drop()]).toEqual([true, false]);
  ballast.ensure();
  expect(statSync(file).size).toBe(ballastBytes);
});

test('a ballast of another size is made anew; one that cannot be made stops issuing', () => {
  const file = temporaryPath();
  writeFileSync(file, 'too small');
  fileBallast(file, systemRandom).ensure();
  expect(statSync(file).size).toBe(ballastBytes);
  const blocked = temporaryPath();
  mkdirSync(blocked);
  expect(failure(() => fileBallast(blocked, systemRandom).ensure())?.code).toBe('ERR_AUDIT_UNAVAILABLE');
});
