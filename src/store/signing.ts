// The signed head of the log: made with every commit, kept outside as well, compared at the start. Owns the key in force
// and the rule that a log which was set back or damaged signs nothing and takes nothing but revocations.

import { parseCheckpoint, signCheckpoint } from '../audit/checkpoint.ts';
import type { LogHead } from '../audit/event.ts';
import { parseVkey, signersOf } from '../audit/note.ts';
import { deviceOf, originOf } from '../audit/origin.ts';
import { damageError, rollbackError } from '../audit/rollback.ts';
import type { Signer } from '../audit/signer.ts';
import { JitError } from '../core/errors.ts';
import type { Epochs, KeptFor, StoredCheckpoint } from './epochs.ts';
import type { HeadKeeper } from './head-keeper.ts';
import type { Log } from './log.ts';

/** A head with its signed note. */
export interface SignedHead extends LogHead {
  readonly note: string;
}

/** A head that is known from elsewhere and that this log does not lead to. */
export interface Rollback {
  readonly from: 'file' | 'keychain' | 'store';
  readonly known: LogHead;
  /** Events that the log has. */
  readonly size: number;
}

/** Newest checkpoints are thinned to the first of every so many events. */
const spacing = 256;

/** What a store needs of its log's heads. */
export interface Signing {
  signer: Signer | null;
  behind: Rollback | null;
  /** What is wrong with the log, in words. */
  damage: string | null;
  /** What anybody is told who would issue something; null: the log is in order. */
  readonly stopped: JitError | null;
  /** Signs the head if something was appended since. Last thing in a transaction. */
  seal(others?: readonly Signer[], why?: KeptFor): void;
  /** The transaction is durable: the head goes outside. Never throws. */
  committed(): void;
  /** The transaction was rolled back. */
  forget(): void;
  newest(): SignedHead | null;
  /** Compares the log with every head that is kept elsewhere. */
  findRollback(): Rollback | null;
  /** The highest number of a log of this broker that anybody knows: another one must not take its name. */
  highestNumber(): number;
  /** Of a log that is damaged: the end of its sound beginning, what else was known of it, and the newest checkpoint that fits. */
  best(): {
    readonly head: LogHead;
    readonly known: LogHead | null;
    readonly fitting: StoredCheckpoint | null;
  };
  /** True for a head of a log that is lost, which a fork has put on record. */
  isOnRecord(head: LogHead): boolean;
  /** After a fork: heads of logs that are lost for good are no reason to stop again. Never throws. */
  settle(): void;
  /** Nothing is committed any more: what waits to be kept outside is kept. */
  close(): void;
  /** Why heads cannot be kept outside; null when they can. */
  readonly unkept: unknown;
}

/** Those of `log`; `keeper` null: nothing is kept outside. */
export function createSigning(device: string, log: Log, epochs: Epochs, keeper: HeadKeeper | null): Signing {
  let pending: SignedHead | null = null;
  let unkept: unknown = null;
  /** What the newest checkpoint covers, as this connection wrote it. */
  let newestSize: { readonly origin: string; readonly size: number } | null = null;

  function covered(): number {
    const origin = originOf(device, log.epoch.number);
    if (newestSize?.origin !== origin) newestSize = { origin, size: newest()?.size ?? 0 };
    return newestSize.size;
  }

  /** Kept heads that this file has no say about any more, or never had. */
  function foreign(): LogHead[] {
    const own = new Set(epochs.all().map(({ number }) => originOf(device, number)));
    return heads(keeper).filter(({ origin }) => !own.has(origin));
  }

  /** What `log.fork` events say was lost. */
  function onRecord(): LogHead[] {
    return log
      .events({ type: 'log.fork' })
      .flatMap(({ body }) => (body.data as { known?: LogHead }).known ?? []);
  }

  function isOnRecord(head: LogHead): boolean {
    return onRecord().some(({ origin, size }) => origin === head.origin && size >= head.size);
  }

  function settleOne(origin: string): void {
    try {
      keeper?.settle(origin);
    } catch {
      // It is on record, and tried again at the next start.
    }
  }

  function newest(): SignedHead | null {
    const row = epochs.newest();
    const found = row && row.epoch === log.epoch.number ? parseCheckpoint(row.note) : null;
    return found && row ? { origin: found.origin, size: found.size, root: found.root, note: row.note } : null;
  }

  const signing: Signing = {
    signer: null,
    behind: null,
    damage: null,
    get stopped() {
      const { behind, damage } = signing;
      if (damage !== null) return damageError(damage);
      return behind && rollbackError(behind);
    },
    seal(others = [], why) {
      const { signer } = signing;
      if (!signer || signing.stopped) return;
      const head = log.treeHead();
      const since = covered();
      if (head.size === since) return;
      const { number } = log.epoch;
      const note = signCheckpoint(head, [signer, ...others]);
      const stored = { epoch: number, size: head.size, note };
      epochs.putNewest(stored);
      const isNextBlock = Math.floor(head.size / spacing) > Math.floor(since / spacing);
      if (why ?? isNextBlock) epochs.keep(stored, why ?? 'spaced');
      pending = { ...head, note };
    },
    committed() {
      if (!pending) return;
      newestSize = { origin: pending.origin, size: pending.size };
      try {
        keeper?.keep(pending.origin, pending.note);
        unkept = null;
      } catch (thrown) {
        unkept = thrown;
      }
      pending = null;
    },
    forget() {
      newestSize = null;
      pending = null;
    },
    newest,
    findRollback() {
      const own = log.treeHead();
      for (const known of heads(keeper)) {
        if (known.origin !== own.origin) continue;
        if (known.size > own.size || log.rootAt(known.size) !== known.root) {
          return { from: 'file', known, size: own.size };
        }
      }
      const [lost] = mostSaying(
        foreign().filter((head) => {
          const isSettled = isOnRecord(head);
          if (isSettled) settleOne(head.origin);
          return !isSettled;
        }),
        device,
      );
      return lost ? { from: 'file', known: lost, size: own.size } : null;
    },
    best() {
      const { number } = log.epoch;
      const origin = originOf(device, number);
      const key = parseVkey(epochs.key(number) ?? '');
      const inside = epochs.checkpoints(number).map(({ note }) => note);
      const stored = [...inside, ...(keeper?.known() ?? [])]
        .flatMap((note) => {
          const found = parseCheckpoint(note);
          return found?.origin === origin ? [{ ...found, text: note }] : [];
        })
        .toSorted((a, b) => b.size - a.size);
      const isGood = ({ note }: (typeof stored)[number]): boolean =>
        key !== null && signersOf(note, [key])?.length === 1;
      const { head, roots } = log.sound(stored.map(({ size }) => size));
      const newest = stored.find(isGood);
      const fitting = stored.find((one) => roots.get(one.size) === one.root && isGood(one));
      const [lost] = mostSaying(foreign(), device);
      return {
        head,
        known: lost ?? (newest ? { origin, size: newest.size, root: newest.root } : null),
        fitting: fitting ? { epoch: number, size: fitting.size, note: fitting.text } : null,
      };
    },
    highestNumber() {
      const known = [...heads(keeper), ...(signing.behind ? [signing.behind.known] : [])];
      const own = known.filter(({ origin }) => deviceOf(origin) === device);
      return Math.max(log.epoch.number, epochs.highest(), ...own.map(numberOf));
    },
    isOnRecord,
    settle() {
      for (const { origin } of foreign()) settleOne(origin);
    },
    close: () => keeper?.flush?.(),
    get unkept() {
      return unkept ?? keeper?.failure ?? null;
    },
  };
  return signing;
}

/** Those that say most first. */
function mostSaying(known: readonly LogHead[], device: string): LogHead[] {
  return known.toSorted((a, b) => rank(b, device) - rank(a, device));
}

/** Later logs of this very broker say most. */
function rank({ origin, size }: LogHead, device: string): number {
  return (
    (deviceOf(origin) === device ? 2 ** 50 : 0) + numberOf({ origin }) * 2 ** 30 + Math.min(size, 2 ** 30 - 1)
  );
}

function numberOf({ origin }: Pick<LogHead, 'origin'>): number {
  return Number(origin.split('/')[1] ?? 1);
}

function heads(keeper: HeadKeeper | null): LogHead[] {
  return (keeper?.known() ?? []).flatMap((note) => {
    const found = parseCheckpoint(note);
    return found ? [{ origin: found.origin, size: found.size, root: found.root }] : [];
  });
}

/** @throws JitError `ERR_INTERNAL` unless `signer` signs in the name of `origin` */
export function checkName(signer: Signer, origin: string): void {
  if (signer.vkey.split('+')[0] === origin) return;
  throw new JitError('ERR_INTERNAL', `the key is not one of the log "${origin}"`);
}
