// What is known of logs from elsewhere, held against what a verification found: heads that they have to lead to, keys that
// have to be theirs. Pure; the same for a file and for a shared store.

import { JitError } from '../core/errors.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { EventData, LogHead } from './event.ts';
import type { LogProblem } from './verify.ts';

/** What is asked of a log that was verified. */
export interface Judged {
  readonly origin: string;
  /** Keys (vkey) that it named, in order of succession. */
  readonly keys: readonly string[];
  /** Heads kept elsewhere that it does not lead to. */
  readonly missed: readonly LogHead[];
  readonly fork: EventData['log.fork'] | null;
  /** What is wrong with it: it was read up to there. */
  readonly problem: LogProblem | null;
}

/** What a note says that is kept elsewhere. Nobody asks for its signature: whoever gives it stands for it. @throws JitError `ERR_USAGE` */
export function readHead(note: string): LogHead {
  const head = parseCheckpoint(note);
  if (!head) throw new JitError('ERR_USAGE', 'a head that is kept elsewhere is malformed');
  return { origin: head.origin, size: head.size, root: head.root };
}

/**
 * Heads that none of `logs` leads to, unless a fork has put on record that what they stand for is lost. Anybody can write such a
 * record: of `believed` (keys) one has to be of that log; null: whatever the logs say is believed.
 */
export function lostHeads(
  known: readonly LogHead[],
  logs: readonly Judged[],
  believed: readonly string[] | null,
): LogHead[] {
  const isSettled = (head: LogHead): boolean =>
    logs.some(
      (log) => says(log, head) && (believed === null || log.keys.some((key) => believed.includes(key))),
    );
  return missedHeads(known, logs).filter((head) => !isSettled(head));
}

/** Heads that none of `logs` leads to, whatever is on record of them. */
export function missedHeads(known: readonly LogHead[], logs: readonly Judged[]): LogHead[] {
  const names = new Set(logs.map(({ origin }) => origin));
  return [...logs.flatMap((log) => log.missed), ...known.filter(({ origin }) => !names.has(origin))];
}

/** How a head that is kept elsewhere fared: the logs lead to it, or a fork has put on record that it is lost, or neither. */
export interface HeadStanding extends LogHead {
  readonly standing: 'led_to' | 'excused' | 'missed';
}

/** Each of `known`, in this order. `believed` as for {@link lostHeads}. */
export function standingsOf(
  known: readonly LogHead[],
  logs: readonly Judged[],
  believed: readonly string[] | null,
): HeadStanding[] {
  const [missed, lost] = [missedHeads(known, logs), lostHeads(known, logs, believed)];
  const isIn = (heads: readonly LogHead[], head: LogHead): boolean =>
    heads.some(
      ({ origin, size, root }) => origin === head.origin && size === head.size && root === head.root,
    );
  return known.map((head) => ({
    ...head,
    standing: isIn(lost, head) ? 'missed' : isIn(missed, head) ? 'excused' : 'led_to',
  }));
}

/** True when the fork that `log` began with says that what `head` stands for is lost. */
function says({ fork }: Judged, head: LogHead): boolean {
  return fork?.known?.origin === head.origin && fork.known.size >= head.size;
}

/** A lost head, in words; and which of `logs` excuses it, if one does that nobody has to believe. */
export function notLedTo(head: LogHead, logs: readonly Judged[]): string {
  const what = `the log does not lead to the head of "${head.origin}" at ${head.size} that is kept elsewhere`;
  const excuse = logs.find((log) => says(log, head));
  return excuse ? `${what}; "${excuse.origin}" says that it was lost: give its key to believe that` : what;
}

/**
 * What is wrong with the keys of the logs of one broker, one after the other. The newest has to be of a trusted key; those
 * before it are pinned by its first event.
 */
export function notTrusted(trusted: readonly string[], logs: readonly Judged[]): string | null {
  if (trusted.length === 0) return null;
  const keys = logs.map((log) => log.keys);
  // Of a log that was not read to its end nobody can say which keys it does not name.
  const isUnread = (vkey: string): boolean =>
    logs.some(({ origin, problem }) => problem !== null && vkey.startsWith(`${origin}+`));
  const unknown = trusted.find((vkey) => !keys.flat().includes(vkey) && !isUnread(vkey));
  if (unknown !== undefined) return `the log knows nothing of the key "${unknown}"`;
  if (keys.at(-1)?.some((vkey) => trusted.includes(vkey))) return null;
  return `no key of the log "${logs.at(-1)?.origin}" is among those given`;
}
