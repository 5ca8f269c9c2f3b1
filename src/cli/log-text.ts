// How the broker's own log stands, in words: what is wrong with it, and what of it is lost.

import { lossAtStore } from '../core/store-loss.ts';
import type { Instant, Milliseconds } from '../core/time.ts';
import type { LogView } from '../protocol/log.ts';
import type { Paint } from './colour.ts';
import { escapeText } from './escape.ts';

const day: Milliseconds = 24 * 3600_000;

const sources = {
  file: 'the heads beside the database',
  keychain: 'the copy in the keychain',
  store: 'the shared store',
} as const;

/** What the log lacks, by a head that was known elsewhere; null: nothing is known to be missing. */
export function lossText({ origin, events, known }: LogView): string | null {
  if (known === null) return null;
  const source = sources[known.from];
  const there = `${escapeText(origin)} has ${events} events`;
  if (known.origin !== origin)
    return `${there}; ${source} knew ${known.events} of ${escapeText(known.origin)}`;
  if (known.events <= events) return `${there}; ${source} knew other ones before ${known.events}`;
  // At least: what was appended since stands where others stood before.
  const missing = known.events - events;
  return `${there}; ${source} knew ${known.events}: at least ${missing} ${missing === 1 ? 'is' : 'are'} missing`;
}

/** Lines for whoever asks how things stand; none while all is well. */
export function logLines(log: LogView, now: Instant, paint: Paint): string[] {
  return [...ownLines(log, now, paint), ...storeLines(log, now, paint)];
}

function ownLines(log: LogView, now: Instant, paint: Paint): string[] {
  const loss = lossText(log);
  if (loss !== null) {
    return [
      paint.alarm(`AUDIT LOG SET BACK: ${loss}; nothing is issued`),
      'see: jit doctor; to go on: jit audit fork --reason "…"',
    ];
  }
  if (log.trouble !== null) {
    return [
      paint.alarm(`AUDIT LOG NOT SIGNED: ${escapeText(log.trouble.message)}`),
      ...(log.trouble.hint === undefined ? [] : [escapeText(log.trouble.hint)]),
    ];
  }
  if (log.fork === null || now - log.fork.at > day) return [];
  const { previous, reason } = log.fork;
  return [paint.caution(`the audit log goes on from ${escapeText(previous)}: "${escapeText(reason)}"`)];
}

/** What the shared store once had, or does not take. What it has again is told for a day. */
function storeLines({ refused, lost }: LogView, now: Instant, paint: Paint): string[] {
  const told = lost.filter(
    ({ acknowledged, has, foundAt }) => (has !== null && has < acknowledged) || now - foundAt <= day,
  );
  return [
    ...told.map((loss) =>
      paint.alarm(`SHARED STORE LOST EVENTS: ${escapeText(lossAtStore(loss, loss.has))}; see: jit doctor`),
    ),
    ...refused.map(({ origin, events: lacking }) =>
      paint.caution(
        `the shared store takes no more of ${escapeText(origin)}, an earlier log, and lacks ${lacking} events of it; see: jit doctor`,
      ),
    ),
  ];
}
