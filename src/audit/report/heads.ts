// One hash for the heads of many logs.

import { hash } from 'node:crypto';

/** SHA-256, hex, over a line per log: its name, the number of its events, the leaf hash of the last verified one. */
export function headOf(
  logs: readonly { readonly origin: string; readonly events: number; readonly head: string }[],
): string {
  return hash('sha256', logs.map(({ origin, events, head }) => `${origin} ${events} ${head}\n`).join(''));
}
