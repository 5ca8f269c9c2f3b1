// "Did you mean": the candidate nearest to a mistyped name. Pure.

/** Optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? a.length;
}

/**
 * The candidate that `name` was most likely meant to be, or null when none is near: at most a third of its
 * characters differ (at least one may), or it is the only one that starts with `name`. Case does not count.
 */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  if (wanted === '' || wanted.length > 64) return null;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  const extended: string[] = [];
  for (const candidate of candidates) {
    if (candidate.length > 64) continue;
    const differs = distance(wanted, candidate.toLowerCase());
    if (differs < least) {
      least = differs;
      best = candidate;
    }
    if (wanted.length >= 2 && candidate.toLowerCase().startsWith(wanted)) extended.push(candidate);
  }
  return best ?? (extended.length === 1 ? (extended[0] ?? null) : null);
}
