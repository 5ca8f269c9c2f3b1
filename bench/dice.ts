// Chance that comes out the same each time: a small generator with a seed (mulberry32), and what is drawn from it.

/** Draws. */
export interface Dice {
  /** From 0 to below 1. */
  next(): number;
  /** True once in `times`. */
  one(times: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  /** An index, as often as its weight says. */
  weighted(weights: readonly number[]): number;
  /** Mean 0, deviation 1. */
  normal(): number;
}

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  return {
    next,
    one: (times) => next() * times < 1,
    pick: (values) => values[Math.floor(next() * values.length)] as (typeof values)[number],
    weighted(weights) {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0);
      const index = weights.findIndex((weight) => {
        left -= weight;
        return left < 0;
      });
      return Math.max(0, index);
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
