// Finding a name by a few of its letters. Pure: text in, rank out.

/** Something that can be found, and how likely it is before anything is typed. */
export interface Findable {
  readonly name: string;
  /** Higher comes first among equally good matches; 0: nothing is known. */
  readonly frecency: number;
}

// A letter that begins a word is what people type: `pdw` is prod-db:write.
const atStart = 8;
const atWord = 6;
const inRow = 5;
const perGap = 1;
const longestGap = 3;

const isSeparator = (letter: string | undefined): boolean =>
  letter === undefined || /[^\p{L}\p{N}]/u.test(letter);

/** What a letter of the name is worth when it is typed after one that was found at `before`; -1: it is the first. */
function worth(name: string, at: number, before: number): number {
  if (at === 0) return atStart;
  if (at === before + 1) return inRow;
  const gap = Math.min(longestGap, at - before - 1) * perGap;
  return (isSeparator(name[at - 1]) ? atWord : 0) - gap;
}

/**
 * How well `typed` fits `name`: all its letters are there in this order, better at the beginning of words and side by
 * side. Case and blanks do not count. null: it does not fit; 0 for nothing typed.
 */
export function rankOf(typed: string, name: string): number | null {
  const wanted = [...typed.toLowerCase().replace(/\s+/g, '')];
  const letters = name.toLowerCase();
  // The best worth of all ways that end with the last letter at an index.
  let ways = new Map<number, number>([[-1, 0]]);
  for (const letter of wanted) {
    const next = new Map<number, number>();
    for (let at = letters.indexOf(letter); at !== -1; at = letters.indexOf(letter, at + 1)) {
      for (const [before, sum] of ways) {
        if (before >= at) continue;
        next.set(at, Math.max(next.get(at) ?? Number.NEGATIVE_INFINITY, sum + worth(letters, at, before)));
      }
    }
    if (next.size === 0) return null;
    ways = next;
  }
  return Math.max(...ways.values());
}

/** Those that fit, the best first; equally good ones by frecency, then by name. */
export function found<Item extends Findable>(typed: string, items: readonly Item[]): Item[] {
  const ranked = items.flatMap((item) => {
    const rank = rankOf(typed, item.name);
    return rank === null ? [] : [{ item, rank }];
  });
  ranked.sort(
    (one, other) =>
      other.rank - one.rank ||
      other.item.frecency - one.item.frecency ||
      (one.item.name < other.item.name ? -1 : 1),
  );
  return ranked.map(({ item }) => item);
}
