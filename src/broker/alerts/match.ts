// Which channel of a changed configuration is which of those before. Pure.

/** A channel as it is known from before. */
interface Known {
  /** The same for the same way to the same people, wherever it stands in the list. */
  readonly mark: string;
  readonly name: string;
}

/** Per channel the one that it was; and those that it is none of. */
export interface Matched<Before> {
  readonly of: readonly (Before | null)[];
  readonly left: readonly Before[];
}

/**
 * First by what they are: one that was removed above it gives a channel another name. What is left then by name: its address
 * was replaced, and every channel gets every alert, so the new address is told nothing that it would not be told anyway.
 */
export function matchChannels<Before extends Known>(
  now: readonly Known[],
  before: readonly Before[],
): Matched<Before> {
  const left = [...before];
  const of: (Before | null)[] = now.map(() => null);
  for (const isSame of [byMark, byName]) {
    for (const [index, channel] of now.entries()) {
      if (of[index]) continue;
      const place = left.findIndex((one) => isSame(one, channel));
      if (place !== -1) of[index] = left.splice(place, 1)[0] ?? null;
    }
  }
  return { of, left };
}

const byMark = (one: Known, other: Known): boolean => one.mark === other.mark;
const byName = (one: Known, other: Known): boolean => one.name === other.name;
