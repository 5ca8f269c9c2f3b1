// How one key follows another and one log another: naming, rotating, forking, distrusting. Each is a commit of its own.

import { canonicalText } from '../audit/canonical.ts';
import type { AuditEvent, LogHead } from '../audit/event.ts';
import { originOf } from '../audit/origin.ts';
import type { Signer } from '../audit/signer.ts';
import { JitError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Clock } from '../system/clock.ts';
import { version } from '../system/version.ts';
import type { Epochs } from './epochs.ts';
import type { Log } from './log.ts';
import { checkName, type Rollback, type Signing } from './signing.ts';

/** What {@link createSuccession} works on. */
export interface SuccessionParts {
  readonly device: string;
  readonly log: Log;
  readonly epochs: Epochs;
  readonly signing: Signing;
  readonly clock: Clock;
  /** One durable transaction; `seal` is its last thing. */
  readonly run: (work: () => void, seal: () => void) => void;
}

/** The verbs of {@link Store} that change who signs, or which log is written. */
export interface Succession {
  /** Begins a new log, or looks whether the one that is there may be gone on with. @param damage what is known to be wrong */
  start(signer: Signer | null, damage: string | null): void;
  useSigner(signer: Signer): void;
  rotate(next: Signer, why?: 'age' | 'asked'): void;
  fork(reason: string, next: Signer | null): LogHead;
  /** As {@link distrust}, because of what is wrong with the log itself. */
  damaged(what: string): void;
  distrust(from: Rollback['from'], known: LogHead): void;
  origin(): string;
  nextOrigin(): string;
}

export function createSuccession({ device, log, epochs, signing, clock, run }: SuccessionParts): Succession {
  const origin = (): string => originOf(device, log.epoch.number);
  const nextNumber = (): number => signing.highestNumber() + 1;
  const nextOrigin = (): string => originOf(device, nextNumber());
  const append = (event: AuditEvent): void => void log.append(event);
  const seal = (): void => signing.seal();

  /** With `signer` as the one in force; as it was when that fails. */
  function as(signer: Signer | null, work: () => void): void {
    const before = signing.signer;
    signing.signer = signer;
    try {
      work();
    } catch (thrown) {
      signing.signer = before;
      throw thrown;
    }
  }

  function putKey(vkey: string): void {
    epochs.putKey(log.epoch.number, log.head().size, vkey);
  }

  function open(signer: Signer | null): void {
    if (signer) checkName(signer, origin());
    as(signer, () =>
      run(() => {
        epochs.begin(device);
        const named = signer ? { vkey: signer.vkey } : {};
        append({ type: 'log.open', at: clock.now(), data: { version, ...named } });
        if (signer) putKey(signer.vkey);
      }, seal),
    );
  }

  function useSigner(signer: Signer): void {
    checkName(signer, origin());
    const key = epochs.key(log.epoch.number);
    if (key !== null && key !== signer.vkey) {
      throw new JitError('ERR_AUDIT_INVALID', 'the audit log names another key than the one that is here', {
        hint: 'jit audit fork --reason "…"',
      });
    }
    as(signer, () => {
      if (signing.stopped) return;
      const isFirst = key === null;
      run(() => {
        if (!isFirst) return;
        append({
          type: 'key.rotate',
          at: clock.now(),
          data: { vkey: signer.vkey, previous: null, why: 'first' },
        });
        putKey(signer.vkey);
      }, seal);
    });
  }

  function distrust(from: Rollback['from'], known: LogHead): void {
    const { size } = log.head();
    const { damage } = signing;
    if (signing.behind !== null || (damage !== null && from !== 'keychain') || signing.isOnRecord(known))
      return;
    // Of a damaged log the fork names the newest head that is known here anyway.
    const named = damage === null ? null : signing.best().known;
    if (named?.origin === known.origin && named.size >= known.size) return;
    signing.behind = { from, known, size };
    const told = lastData('log.rollback_detected');
    // At every start anew it would say nothing new.
    if (JSON.stringify(told?.['known']) === canonicalText(known)) return;
    tell({ type: 'log.rollback_detected', at: clock.now(), data: { from, known, size } });
  }

  function damaged(what: string): void {
    if (signing.damage !== null) return;
    signing.damage = what;
    try {
      log.withoutTree();
      const { size } = log.head();
      if (lastData('log.damaged') !== undefined) return;
      tell({ type: 'log.damaged', at: clock.now(), data: { what, size } });
    } catch {
      // What cannot even be read is said by whoever reads it next.
    }
  }

  /** What the newest event of `type` in this log says. */
  function lastData(type: AuditEvent['type']): Readonly<Record<string, Json>> | undefined {
    const { first } = log.epoch;
    const [told] = log.events({ type, limit: 1, ...(first > 0 && { after: first }) });
    return told?.body.data as Readonly<Record<string, Json>> | undefined;
  }

  function tell(event: AuditEvent): void {
    try {
      run(() => append(event), seal);
    } catch {
      // Nothing is issued all the same, and a full disk must not stand in the way of revocations.
    }
  }

  return {
    origin,
    nextOrigin,

    start(signer, damage) {
      if (damage !== null) {
        damaged(damage);
        return;
      }
      const rollback = signing.findRollback();
      if (log.head().size === 0) open(signer);
      if (rollback) distrust(rollback.from, rollback.known);
      if (signer && !signing.signer) useSigner(signer);
    },
    useSigner,
    distrust,
    damaged,

    rotate(next, why = 'asked') {
      const { signer } = signing;
      checkName(next, origin());
      if (!signer || signing.stopped) {
        throw new JitError(
          'ERR_AUDIT_INVALID',
          'the key of the audit log cannot be rotated: nothing signs it',
          {
            hint: 'jit doctor',
          },
        );
      }
      run(
        () => {
          append({
            type: 'key.rotate',
            at: clock.now(),
            data: { vkey: next.vkey, previous: signer.vkey, why },
          });
          putKey(next.vkey);
        },
        // The last that the old key signs, and the first of the new one.
        () => signing.seal([next], 'rotation'),
      );
      signing.signer = next;
    },

    fork(reason, next) {
      const { behind, damage } = signing;
      // Of a damaged log: as far as it is what was written, and what was signed of it last.
      const best = damage === null ? null : signing.best();
      const previous = best?.head ?? log.treeHead();
      const known = behind?.known ?? best?.known ?? null;
      const number = nextNumber();
      if (next) checkName(next, originOf(device, number));
      as(next, () => {
        signing.behind = null;
        signing.damage = null;
        try {
          run(
            () => {
              const newest = best ? best.fitting : epochs.newest();
              if (newest?.epoch === log.epoch.number) epochs.keep(newest, 'fork');
              epochs.name(device);
              log.begin(number);
              const named = next ? { vkey: next.vkey } : {};
              append({ type: 'log.open', at: clock.now(), data: { version, ...named, previous } });
              if (next) putKey(next.vkey);
              append({ type: 'log.fork', at: clock.now(), data: { reason, previous, known } });
            },
            () => signing.seal([], 'fork'),
          );
        } catch (thrown) {
          signing.behind = behind;
          signing.damage = damage;
          throw thrown;
        }
      });
      signing.settle();
      return previous;
    },
  };
}
