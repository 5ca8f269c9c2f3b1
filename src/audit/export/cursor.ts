// Where an export ended, as text: of one log for an option, of a log file and of a shared store for a cursor file.

import { originPattern } from '../origin.ts';

/** An event by the name of its log and its number there; with its leaf hash, where that is known. */
export interface Position {
  readonly origin: string;
  readonly seq: number;
  readonly leaf: string | null;
}

const form = /^(\S{1,200}):(0|[1-9]\d{0,14})(?: ([0-9a-f]{64}))?$/;

/** `<origin>:<sequence>`, or with the leaf hash after a blank; null: it is none. */
export function parsePosition(text: string): Position | null {
  const [, origin = '', seq, leaf = null] = form.exec(text) ?? [];
  return seq === undefined || !originPattern.test(origin) ? null : { origin, seq: Number(seq), leaf };
}

/** As {@link parsePosition} reads it. */
export function positionText({ origin, seq, leaf }: Position): string {
  return `${origin}:${seq}${leaf === null ? '' : ` ${leaf}`}`;
}

/** A cursor of one log file is no cursor of a store, whatever the number of logs. */
const storeTitle = 'jit store cursor 1';

/** One position per log; a log that is not named has not been exported yet. Null: the text is no such cursor. */
export function parseStoreCursor(text: string): Position[] | null {
  const [title, ...lines] = text.trimEnd().split('\n');
  const positions = lines.map(parsePosition);
  const isWhole = positions.every((one) => one !== null && one.leaf !== null);
  const origins = new Set(positions.map((one) => one?.origin));
  if (title !== storeTitle || !isWhole || origins.size < positions.length) return null;
  return positions as Position[];
}

/** As {@link parseStoreCursor} reads it. */
export function storeCursorText(positions: Iterable<Position>): string {
  return [storeTitle, ...Array.from(positions, positionText)].map((line) => `${line}\n`).join('');
}
