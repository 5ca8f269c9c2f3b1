// How one key follows another and one log another: naming, rotating, forking, distrusting. Each is a commit of its own.

import { canonicalText } from '../audit/canonical.ts';
import type { AuditEvent, LogHead } from '../audit/event.ts';
import { parseNote, parseVkey, signersOf } from '../audit/note.ts';
import { originOf } from '../audit/origin.ts';
import type { Signer } from '../audit/signer.ts';
import { JitError } from '../core/errors.ts';
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
  /** Begins a new log, or looks whether the one that is there may be gone on with. */
  start(signer: Signer | null): void;
  useSigner(signer: Signer): void;
  rotate(next: Signer, why?: 'age' | 'asked'): void;
  fork(reason: string, next: Signer | null): void;
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

  /** The newest checkpoint has to be one of this very log, by the key that the log names. */
  function checkHead(): void {
    const found = signing.newest();
    if (!found) return;
    const key = parseVkey(epochs.key(log.epoch.number) ?? '');
    const note = parseNote(found.note);
    const isSigned = key !== null && note !== null && (signersOf(note, [key]) ?? []).length === 1;
    const isHere = found.origin === origin() && found.size <= log.head().size;
    if (isSigned && isHere && log.rootAt(found.size) === found.root) return;
    throw new JitError(
      'ERR_AUDIT_INVALID',
      'the audit log is not as jit wrote it: it does not fit its checkpoint',
      {
        hint: 'jit audit verify',
      },
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
      if (signing.behind) return;
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
    if (signing.behind) return;
    signing.behind = { from, known, size };
    const [told] = log.events({ type: 'log.rollback_detected', limit: 1, after: log.epoch.first });
    // At every start anew it would say nothing new.
    if (JSON.stringify((told?.body.data as { known?: LogHead } | undefined)?.known) === canonicalText(known))
      return;
    try {
      run(
        () => append({ type: 'log.rollback_detected', at: clock.now(), data: { from, known, size } }),
        seal,
      );
    } catch {
      // Nothing is issued all the same, and a full disk must not stand in the way of revocations.
    }
  }

  return {
    origin,
    nextOrigin,

    start(signer) {
      const rollback = signing.findRollback();
      if (log.head().size === 0) open(signer);
      else checkHead();
      if (rollback) distrust(rollback.from, rollback.known);
      if (signer && !signing.signer) useSigner(signer);
    },
    useSigner,
    distrust,

    rotate(next, why = 'asked') {
      const { signer } = signing;
      checkName(next, origin());
      if (!signer || signing.behind) {
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
      const previous = log.treeHead();
      const known = signing.behind?.known ?? null;
      const behind = signing.behind;
      const number = nextNumber();
      if (next) checkName(next, originOf(device, number));
      as(next, () => {
        signing.behind = null;
        try {
          run(
            () => {
              const newest = epochs.newest();
              if (newest?.epoch === log.epoch.number) epochs.keep(newest, 'fork');
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
          throw thrown;
        }
      });
      signing.settle();
    },
  };
}
