// That the shared store has fewer events of a log than it had acknowledged, in words. Pure.

/** What the store had of a log, and what it was found with. */
export interface StoreLoss {
  readonly origin: string;
  /** Events that the store had said it has. */
  readonly acknowledged: number;
  /** Events that it had when that was noticed. */
  readonly found: number;
}

/** How that comes about; nobody can tell from here which it was. */
export const causesOfLoss =
  'it was restored from a backup or replaced by another, or somebody deleted events there';

/** One sentence without full stop. `has`: events that it has by now; null: it has not said so since. */
export function lossAtStore(loss: StoreLoss, has: number | null): string {
  const { origin, acknowledged, found } = loss;
  const what = `the shared store had ${found} of the ${acknowledged} events of ${origin} that it had acknowledged (${causesOfLoss})`;
  if (has === null) return `${what}; what is here of them is sent again`;
  if (has >= acknowledged) return `${what}; it has as many again`;
  return `${what}; it still lacks ${acknowledged - has}`;
}
