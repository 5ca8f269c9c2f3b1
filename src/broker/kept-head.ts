// The newest signed head, copied into the keychain, where it outlives whatever happens to the broker's folders. Owns how
// often. Must not: decide what follows from a head that the log does not lead to.

import { parseCheckpoint } from '../audit/checkpoint.ts';
import type { LogHead } from '../audit/event.ts';
import { verifyConsistency } from '../audit/merkle.ts';
import { toJitError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { Milliseconds } from '../core/time.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../system/clock.ts';
import type { Keychain } from '../system/keychain.ts';
import type { Logger } from '../system/log-file.ts';

/** What a copy works with. */
export interface KeptHeadTools {
  readonly store: Store;
  readonly keychain: Keychain;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The copy of one broker. */
export interface KeptHead {
  /**
   * The head in the keychain, asked for as `by` does, that the log does not lead to; null: there is none, or the log does.
   * @throws JitError `ERR_SECRET_UNAVAILABLE` when the keychain does not answer
   */
  lost(by: Keychain): Promise<LogHead | null>;
  /** Keeps copies from now on. */
  begin(): void;
  /** Something was committed: soon, but not more than once a minute, the copy is made anew. */
  touch(): void;
  /** Now. Never throws. */
  now(): Promise<void>;
  /** Copies what has not been, and no more from then on. Never throws. */
  close(): Promise<void>;
  /** True when the last copy was made, or none was needed yet; null: none is kept. */
  readonly isKept: boolean | null;
}

const service = 'jit';
const between: Milliseconds = 60_000;
/** Not in the middle of the first grant. */
const soon: Milliseconds = 2_000;

export function createKeptHead({ store, keychain, clock, log }: KeptHeadTools): KeptHead {
  const account = `head-${store.origin}`;
  let isKept: boolean | null = null;
  let kept: string | null = null;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;
  let isClosed = false;

  async function now(): Promise<void> {
    cancel?.();
    cancel = null;
    if (isKept === null || store.stopped) return;
    try {
      const { note } = store.signedHead() ?? {};
      if (note === undefined || note === kept) return;
      writtenAt = clock.sinceBoot();
      await keychain.set(service, account, new Secret(note));
      kept = note;
      isKept = true;
    } catch (thrown) {
      if (isKept) log.warn(`the head of the log is not copied: ${toJitError(thrown).message}`);
      isKept = false;
    }
  }

  return {
    async lost(by) {
      const known = parseCheckpoint((await by.get(service, account))?.reveal() ?? '');
      return known && !leadsTo(store, known)
        ? { origin: known.origin, size: known.size, root: known.root }
        : null;
    },
    begin() {
      isKept ??= true;
    },
    touch() {
      if (isClosed || isKept === null || cancel !== null) return;
      const delay = Math.max(soon, writtenAt + between - clock.sinceBoot());
      cancel = clock.after(delay, () => void now());
    },
    now,
    close() {
      isClosed = true;
      return now();
    },
    get isKept() {
      return isKept;
    },
  };
}

/** Heads of logs before the one that is written were settled when it began. */
function leadsTo(store: Store, known: LogHead): boolean {
  const own = store.treeHead();
  if (known.origin !== own.origin)
    return store.logs().some(({ origin }) => origin === known.origin) || store.isOnRecord(known);
  if (known.size > own.size) return false;
  if (known.size === 0) return true;
  const root = (hex: string): Buffer => Buffer.from(hex, 'hex');
  const proof = store.consistency(known.size, own.size);
  return verifyConsistency(known.size, root(known.root), own.size, root(own.root), proof);
}
