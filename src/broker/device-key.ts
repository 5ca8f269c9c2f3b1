// The key that signs this broker's log: found or made, changed, replaced when it is lost. Owns when. Nothing
// here keeps a revocation waiting: without a key, revocations go on unsigned.

import { forkHint } from '../audit/rollback.ts';
import { JitError, toJitError } from '../core/errors.ts';
import type { Milliseconds } from '../core/time.ts';
import type { ForkReply, RotateReply } from '../protocol/log.ts';
import type { Clock } from '../system/clock.ts';
import { failpoint } from '../system/failpoint.ts';
import { type Keychain, tiredKeychain } from '../system/keychain.ts';
import type { Logger } from '../system/log-file.ts';
import type { Random } from '../system/random.ts';
import type { SeedPlace } from '../system/seed-safe.ts';
import { createKeptHead } from './kept-head.ts';
import { createKeyShelf, type Key } from './key-shelf.ts';
import type { Ledger } from './ledger.ts';

/** What {@link createDeviceKey} works with. */
export interface DeviceKeyTools {
  readonly ledger: Ledger;
  readonly keychain: Keychain;
  /** Where the key lies when no keychain answers. */
  readonly file: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What is known of the key now. */
export interface DeviceKeyState {
  /** null: it was not found, or not yet. */
  readonly place: SeedPlace | null;
  readonly file: string;
  /** Why the log is not signed; null: it is, or the key is still being fetched. */
  readonly trouble: JitError | null;
  /** Copies of the head in the keychain: true, or false when the last one failed; null: none are made. */
  readonly headInKeychain: boolean | null;
}

/** The key of one broker. */
export interface DeviceKey {
  /** Begins to look for the key. Never throws, waits for nothing. */
  start(): void;
  /**
   * Settles when the log is signed; answers true when that took a while. Asks for the key anew if it was not to be had.
   * @throws JitError `ERR_AUDIT_UNAVAILABLE` (the keychain does not give it), `ERR_AUDIT_INVALID` (lost, or the log was set back
   * or is damaged)
   */
  ready(): Promise<boolean>;
  /** Refuses what would be issued unsigned. @throws JitError as {@link ready} */
  check(): void;
  state(): DeviceKeyState;
  /** @throws JitError as {@link ready}, and when the next key cannot be kept where this one is */
  rotate(): Promise<RotateReply>;
  /** @throws JitError `ERR_CONFLICT` when the log is signed and in order */
  fork(reason: string): Promise<ForkReply>;
  /** Nobody asks for anything now: the moment for what can wait. */
  rest(): void;
  /** Never throws. */
  close(patience: Milliseconds): Promise<void>;
}

/** A key that is older is changed; what was signed with it before cannot be forged by whoever finds the next one. */
export const longestKeyAge: Milliseconds = 24 * 3600_000;
/** After a change that failed. */
const tryAgainAfter: Milliseconds = 3600_000;

export function createDeviceKey(tools: DeviceKeyTools): DeviceKey {
  const { ledger, file, clock, random, log } = tools;
  const { store } = ledger;
  const keychain = tiredKeychain(tools.keychain);
  const shelf = createKeyShelf({ store, keychain, file, random, log });
  const head = createKeptHead({ store, keychain: tools.keychain, clock, log });
  let current: Key | null = null;
  let trouble: JitError | null = null;
  let finding: Promise<void> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let notBefore = Number.NEGATIVE_INFINITY;
  let isClosed = false;

  ledger.onWrite(() => head.touch());

  /** One after the other: each changes what is kept. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const own = last.then(work, work);
    last = own.catch(() => undefined);
    return own;
  }

  function find(): Promise<void> {
    finding ??= alone(async () => {
      trouble = null;
      keychain.renew();
      if (!store.signs && !store.stopped && !isClosed) await fetch();
    })
      .catch((thrown: unknown) => {
        trouble = unavailable(toJitError(thrown));
        log.warn(trouble.message);
        throw trouble;
      })
      .finally(() => {
        finding = null;
      });
    return finding;
  }

  async function fetch(): Promise<void> {
    const found = await shelf.inFile();
    const there = found ?? (await shelf.inKeychain());
    // Before anything is signed, also where the key is in a file because no keychain answered then: one may now, and what is
    // signed cannot be taken back.
    await compare().catch((thrown: unknown) => {
      if (there?.place === 'keychain') throw thrown;
    });
    if (!store.stopped && !isClosed) use(there ?? (await shelf.make(store.logOrigin, null)));
  }

  function use(key: Key): void {
    if (isClosed) return;
    store.useSigner(key.signer);
    current = key;
    ledger.flush();
    // What a change that was broken off left behind.
    void alone(async () => tidy(key)).then(look);
  }

  async function tidy(key: Key): Promise<void> {
    if (current === key) await shelf.tidy(key);
  }

  /** @throws JitError when the keychain does not answer */
  async function compare(): Promise<void> {
    const lost = await head.lost(keychain);
    head.begin();
    if (lost === null || isClosed) return;
    store.distrust('keychain', lost);
    ledger.flush();
  }

  async function change(why: 'age' | 'asked'): Promise<RotateReply> {
    check();
    keychain.renew();
    const before = current;
    const next = await shelf.make(store.logOrigin, before?.place === 'keychain' ? 'keychain' : null);
    failpoint('rotate.saved');
    try {
      store.rotate(next.signer, why);
    } catch (thrown) {
      if (before) await tidy(before);
      throw thrown;
    }
    failpoint('rotate.written');
    current = next;
    trouble = null;
    if (next.place === 'keychain') head.begin();
    ledger.flush();
    await tidy(next);
    failpoint('rotate.tidied');
    log.info(`the log is signed with another key from now on, because of ${why}`);
    return {
      origin: store.logOrigin,
      vkey: next.signer.vkey,
      previous: before?.signer.vkey ?? null,
      place: next.place,
    };
  }

  /** Nobody has asked the keychain about a log that is damaged, and the fork takes the place of what it has. */
  async function compareDamaged(): Promise<void> {
    if (!store.stopped || store.behind || isClosed) return;
    const lost = await head.lost(keychain).catch(() => null);
    if (lost) store.distrust('keychain', lost);
  }

  async function begin(reason: string): Promise<ForkReply> {
    if (store.signs) {
      throw new JitError(
        'ERR_CONFLICT',
        'the audit log is signed and in order: there is nothing to go on from',
        {
          hint: 'jit audit rotate gives it another key',
        },
      );
    }
    keychain.renew();
    await compareDamaged();
    const { behind } = store;
    const next = await shelf.make(store.nextOrigin, null);
    failpoint('fork.saved');
    const previous = store.fork(reason, next.signer);
    failpoint('fork.written');
    current = next;
    trouble = null;
    if (next.place === 'keychain') head.begin();
    ledger.flush();
    await tidy(next);
    // Otherwise the head of the log that was lost would be found again.
    await head.now();
    log.warn(`a new log begins, ${next.owner}, after ${previous.origin} at ${previous.size}`);
    return {
      origin: next.owner,
      vkey: next.signer.vkey,
      place: next.place,
      previous: { origin: previous.origin, events: previous.size },
      known: behind ? { origin: behind.known.origin, events: behind.known.size, from: behind.from } : null,
    };
  }

  function check(): void {
    if (store.stopped) throw store.stopped;
    if (!store.signs)
      throw trouble ?? unavailable(new JitError('ERR_SECRET_UNAVAILABLE', 'it is not there yet'));
  }

  /** Changes a key that is too old. Never throws. */
  function look(): void {
    if (isClosed || !store.signs || clock.sinceBoot() < notBefore) return;
    try {
      const since = store.keySince;
      if (since === null || clock.now() - since < longestKeyAge) return;
      notBefore = clock.sinceBoot() + tryAgainAfter;
      alone(() => change('age')).catch(untold);
    } catch (thrown) {
      untold(thrown);
    }
  }

  function untold(thrown: unknown): void {
    log.warn(`the key of the log is not changed: ${toJitError(thrown).message}`);
  }

  return {
    start() {
      find().catch(() => undefined);
    },
    async ready() {
      if (store.signs) return false;
      if (!store.stopped) await find();
      check();
      return true;
    },
    check,
    state: () => ({
      place: store.signs ? (current?.place ?? null) : null,
      file,
      trouble,
      headInKeychain: head.isKept,
    }),
    async rotate() {
      if (!store.signs && !store.stopped) await find();
      return alone(() => change('asked'));
    },
    async fork(reason) {
      // Unlocked meanwhile, the keychain has it after all.
      if (!store.signs && !store.stopped) await find().catch(() => undefined);
      return alone(() => begin(reason));
    },
    rest: look,
    async close(patience) {
      isClosed = true;
      const late = Promise.withResolvers<void>();
      const cancel = clock.after(patience, late.resolve);
      await Promise.race([Promise.all([last, head.close()]), late.promise]);
      cancel();
    },
  };
}

function unavailable(cause: JitError): JitError {
  if (cause.code === 'ERR_AUDIT_INVALID' || cause.code === 'ERR_AUDIT_UNAVAILABLE') return cause;
  const message = `nothing is issued: the key that signs the audit log is not to be had: ${cause.message}`;
  return new JitError('ERR_AUDIT_UNAVAILABLE', message, {
    hint: `unlock the keychain, then try again; if the key is lost: ${forkHint}`,
    cause,
  });
}
